#pragma once

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/rpc/coordinator.h"
#include "coordinator/rpc/job_service_impl.h"
#include "coordinator/rpc/worker_service_impl.h"
#include "coordinator/store/fake_journal.h"
#include "services/common/mutex.h"

namespace ropewalk {

// No wait in these tests is longer.
inline std::chrono::system_clock::time_point Deadline() {
  return std::chrono::system_clock::now() + std::chrono::seconds(30);
}

// A clock that stands until it is told to go on.
class ManualClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000) + Monotonic(); }
  absl::Duration Monotonic() const override { return absl::Milliseconds(milliseconds_.load()); }
  void Advance(absl::Duration duration) { milliseconds_ += absl::ToInt64Milliseconds(duration); }

 private:
  std::atomic<int64_t> milliseconds_{0};
};

// A journal on a disk that can be full.
class FragileJournal final : public Journal {
 public:
  void Break(bool broken) { broken_ = broken; }

  absl::StatusOr<JournalContents> Load() override { return journal_.Load(); }
  absl::Status Commit(const Changes& changes) override {
    if (broken_) return absl::ResourceExhaustedError("the disk is full");
    return journal_.Commit(changes);
  }
  absl::StatusOr<std::vector<v1::JobEvent>> Events(const std::string& job, int64_t after_sequence,
                                                   int64_t at_most) override {
    return journal_.Events(job, after_sequence, at_most);
  }

 private:
  FakeJournal journal_;
  std::atomic<bool> broken_{false};
};

// A worker on a real Attach stream that reports what a test says.
class FakeWorker {
 public:
  FakeWorker(v1::WorkerService::Stub* stub, const std::string& name,
             const std::string& incarnation = "1")
      : name_("workers/" + name) {
    context_.set_deadline(Deadline());
    stream_ = stub->Attach(&context_);
    v1::AttachRequest request;
    request.mutable_hello()->set_name(name_);
    request.mutable_hello()->set_incarnation(incarnation);
    request.mutable_hello()->set_ring_address("127.0.0.1:7090");
    stream_->Write(request);
  }
  ~FakeWorker() {
    if (stream_ != nullptr) Kill();
  }

  const std::string& name() const { return name_; }
  const v1::Assignment& assignment() const { return response_.assignment(); }

  // Reports about the present assignment, if any.
  void Report(v1::WorkerPhase phase, int64_t committed = 0,
              const std::function<void(v1::WorkerReport*)>& adjust = nullptr) {
    v1::AttachRequest request;
    v1::WorkerReport& report = *request.mutable_report();
    report.set_sequence(++sequence_);
    report.set_phase(phase);
    if (phase != v1::WORKER_PHASE_IDLE) {
      report.set_job(assignment().job());
      report.set_generation(assignment().generation());
      report.set_plan_digest("plan");
      report.set_total_steps(100);
    }
    report.set_committed_step(committed);
    if (adjust != nullptr) adjust(&report);
    stream_->Write(request);
  }

  // Reads answers until one satisfies `wanted`. False: the stream ended before.
  bool Await(const std::function<bool(const v1::AttachResponse&)>& wanted) {
    while (stream_->Read(&response_)) {
      if (wanted(response_)) return true;
    }
    return false;
  }
  bool AwaitGoal(v1::Assignment::Goal goal, int64_t generation) {
    return Await([&](const v1::AttachResponse& response) {
      return response.assignment().goal() == goal &&
             response.assignment().generation() == generation;
    });
  }
  bool AwaitNothing() {
    return Await([](const v1::AttachResponse& response) { return !response.has_assignment(); });
  }
  // Until the newest report is answered: all of it has been taken in.
  bool AwaitAnswer() {
    return Await([this](const v1::AttachResponse& response) {
      return response.acknowledged_sequence() == sequence_;
    });
  }
  // Attached, known to be idle.
  FakeWorker& BeIdle() {
    Report(v1::WORKER_PHASE_IDLE);
    EXPECT_TRUE(AwaitAnswer());
    return *this;
  }

  void Kill() {
    context_.TryCancel();
    Finish();
  }
  // How the coordinator ended the stream.
  grpc::Status Finish() {
    while (stream_->Read(&response_)) {
    }
    const grpc::Status status = stream_->Finish();
    stream_ = nullptr;
    return status;
  }
  // Sends a message as it is.
  void Write(const v1::AttachRequest& request) { stream_->Write(request); }

 private:
  const std::string name_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::AttachRequest, v1::AttachResponse>> stream_;
  int64_t sequence_ = 0;
  v1::AttachResponse response_;
};

// A coordinator behind a server on a free port, and stubs to it.
class CoordinatorFixture : public testing::Test {
 protected:
  CoordinatorFixture() { Start(); }
  ~CoordinatorFixture() override { Stop(); }

  void Start() {
    Coordinator::Options options;
    options.tick_period = absl::Milliseconds(5);
    options.timing.stall = absl::InfiniteDuration();  // the tests' clock jumps
    coordinator_ = *Coordinator::Create(options, &journal_, &clock_);
    job_service_ = std::make_unique<JobServiceImpl>(coordinator_.get());
    worker_service_ = std::make_unique<WorkerServiceImpl>(coordinator_.get());
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(job_service_.get());
    builder.RegisterService(worker_service_.get());
    server_ = builder.BuildAndStart();
    const auto channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(port),
                                             grpc::InsecureChannelCredentials());
    jobs_ = v1::JobService::NewStub(channel);
    workers_ = v1::WorkerService::NewStub(channel);
  }
  void Stop() {
    coordinator_->Stop();
    server_->Shutdown(Deadline());
    server_->Wait();
  }
  void Restart() {
    Stop();
    Start();
  }

  static v1::CreateJobRequest Request(int min = 1, int max = 8) {
    v1::CreateJobRequest request;
    v1::JobSpec& spec = *request.mutable_job()->mutable_spec();
    spec.set_name("dates");
    spec.set_base_model("tiny");
    spec.add_train_data("train.jsonl");
    spec.set_adapter("demo/dates");
    spec.mutable_workers()->set_min(min);
    spec.mutable_workers()->set_max(max);
    v1::JobInputs& inputs = *request.mutable_job()->mutable_inputs();
    inputs.set_base_model("models/local/tiny/versions/" + std::string(64, 'a'));
    inputs.add_train_data("datasets/local/train/versions/" + std::string(64, 'b'));
    return request;
  }

  // Unary calls: `method` is the stub's.
  template <typename Stub, typename Request, typename Response>
  grpc::Status Call(const std::unique_ptr<Stub>& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(Deadline());
    return (stub.get()->*method)(&context, request, response);
  }

  grpc::Status Create(const v1::CreateJobRequest& request, v1::Job* job) {
    return Call(jobs_, &v1::JobService::Stub::CreateJob, request, job);
  }
  std::string Create(int min = 1, int max = 8) {
    v1::Job job;
    const grpc::Status status = Create(Request(min, max), &job);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return job.name();
  }
  grpc::Status Get(const std::string& name, v1::Job* job) {
    v1::GetJobRequest request;
    request.set_name(name);
    return Call(jobs_, &v1::JobService::Stub::GetJob, request, job);
  }
  v1::Job Get(const std::string& name) {
    v1::Job job;
    EXPECT_TRUE(Get(name, &job).ok());
    return job;
  }
  grpc::Status Cancel(const std::string& name, v1::Job* job) {
    v1::CancelJobRequest request;
    request.set_name(name);
    return Call(jobs_, &v1::JobService::Stub::CancelJob, request, job);
  }
  grpc::Status Pause(const std::string& name, v1::Job* job) {
    v1::PauseJobRequest request;
    request.set_name(name);
    return Call(jobs_, &v1::JobService::Stub::PauseJob, request, job);
  }
  grpc::Status Resume(const std::string& name, v1::Job* job) {
    v1::ResumeJobRequest request;
    request.set_name(name);
    return Call(jobs_, &v1::JobService::Stub::ResumeJob, request, job);
  }
  grpc::Status Drain(const std::string& name, v1::Worker* worker) {
    v1::DrainWorkerRequest request;
    request.set_name(name);
    return Call(workers_, &v1::WorkerService::Stub::DrainWorker, request, worker);
  }
  // What a watcher from that sequence number on sees until the stream ends with OK.
  std::vector<v1::JobEvent> WatchToTheEnd(const std::string& name, int64_t after_sequence = 0) {
    grpc::ClientContext context;
    context.set_deadline(Deadline());
    v1::WatchJobRequest request;
    request.set_name(name);
    request.set_after_sequence(after_sequence);
    const auto stream = jobs_->WatchJob(&context, request);
    std::vector<v1::JobEvent> events;
    v1::WatchJobResponse response;
    while (stream->Read(&response)) {
      events.insert(events.end(), response.events().begin(), response.events().end());
    }
    EXPECT_TRUE(stream->Finish().ok());
    return events;
  }

  FragileJournal journal_;
  ManualClock clock_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<JobServiceImpl> job_service_;
  std::unique_ptr<WorkerServiceImpl> worker_service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::JobService::Stub> jobs_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
};

}  // namespace ropewalk
