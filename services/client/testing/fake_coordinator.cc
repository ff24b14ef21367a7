#include "services/client/testing/fake_coordinator.h"

#include <atomic>
#include <utility>

#include "services/client/progress_line.h"

namespace ropewalk {
namespace {

// Sends the job once; then ends, or waits until the caller has had enough.
class WatchReactor : public grpc::ServerWriteReactor<v1::WatchJobResponse> {
 public:
  WatchReactor(const grpc::Status& found, const v1::Job& job) {
    if (!found.ok()) {
      FinishOnce(found);
      return;
    }
    *response_.mutable_job() = job;
    v1::JobEvent* event = response_.add_events();
    event->set_sequence(1);
    event->set_kind(v1::JobEvent::STATE_CHANGED);
    event->set_message("the job is " + StateText(job.state()));
    StartWrite(&response_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok || HasEnded(response_.job().state())) FinishOnce(grpc::Status::OK);
  }
  void OnCancel() override {
    if (!HasEnded(response_.job().state())) FinishOnce(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  // A cancelled call also fails its write, on another thread.
  void FinishOnce(const grpc::Status& status) {
    if (!finished_.exchange(true)) Finish(status);
  }

  v1::WatchJobResponse response_;
  std::atomic<bool> finished_{false};
};

}  // namespace

void FakeJobService::AddJob(const std::string& name, v1::JobState state) {
  v1::Job job;
  job.set_name("jobs/" + name);
  job.set_state(state);
  if (state == v1::JOB_STATE_FAILED) job.mutable_error()->set_message("the disk is full");
  if (state == v1::JOB_STATE_SUCCEEDED) job.set_result_version("adapters/demo/a/versions/1");
  MutexLock lock(&mutex_);
  jobs_[job.name()] = job;
}

std::vector<v1::CreateJobRequest> FakeJobService::created() const {
  MutexLock lock(&mutex_);
  return created_;
}

grpc::Status FakeJobService::Find(const std::string& name, v1::Job* job) const {
  MutexLock lock(&mutex_);
  const auto found = jobs_.find(name);
  if (found == jobs_.end()) return {grpc::StatusCode::NOT_FOUND, "there is no job " + name};
  *job = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeJobService::CreateJob(grpc::ServerContext*, const v1::CreateJobRequest* request,
                                       v1::Job* response) {
  MutexLock lock(&mutex_);
  created_.push_back(*request);
  const std::string name = "jobs/" + request->job().spec().name();
  *response = request->job();
  if (jobs_.count(name) > 0) response->set_state(jobs_[name].state());
  response->set_name(name);
  return grpc::Status::OK;
}

grpc::Status FakeJobService::GetJob(grpc::ServerContext*, const v1::GetJobRequest* request,
                                    v1::Job* response) {
  return Find(request->name(), response);
}

grpc::Status FakeJobService::ListJobs(grpc::ServerContext*, const v1::ListJobsRequest* request,
                                      v1::ListJobsResponse* response) {
  // One job a page, the token being the name of the next.
  MutexLock lock(&mutex_);
  auto at = jobs_.lower_bound(request->page_token());
  if (at == jobs_.end()) return grpc::Status::OK;
  *response->add_jobs() = at->second;
  if (++at != jobs_.end()) response->set_next_page_token(at->first);
  return grpc::Status::OK;
}

grpc::Status FakeJobService::CancelJob(grpc::ServerContext*, const v1::CancelJobRequest* request,
                                       v1::Job* response) {
  const grpc::Status found = Find(request->name(), response);
  if (found.ok()) response->set_state(v1::JOB_STATE_CANCELLING);
  return found;
}

grpc::ServerWriteReactor<v1::WatchJobResponse>* FakeJobService::WatchJob(
    grpc::CallbackServerContext*, const v1::WatchJobRequest* request) {
  v1::Job job;
  const grpc::Status found = Find(request->name(), &job);
  return new WatchReactor(found, job);
}

grpc::Status FakeWorkerService::GetWorker(grpc::ServerContext*, const v1::GetWorkerRequest* request,
                                          v1::Worker* response) {
  if (request->name() != "workers/worker-0") {
    return {grpc::StatusCode::NOT_FOUND, "there is no worker " + request->name()};
  }
  response->set_name(request->name());
  response->set_state(v1::Worker::IDLE);
  response->set_ring_address(ring_address);
  return grpc::Status::OK;
}

grpc::Status FakeWorkerService::ListWorkers(grpc::ServerContext* context,
                                            const v1::ListWorkersRequest*,
                                            v1::ListWorkersResponse* response) {
  v1::GetWorkerRequest request;
  request.set_name("workers/worker-0");
  return GetWorker(context, &request, response->add_workers());
}

grpc::Status FakeWorkerService::DrainWorker(grpc::ServerContext* context,
                                            const v1::DrainWorkerRequest* request,
                                            v1::Worker* response) {
  v1::GetWorkerRequest get;
  get.set_name(request->name());
  const grpc::Status status = GetWorker(context, &get, response);
  response->set_state(v1::Worker::DRAINING);
  return status;
}

}  // namespace ropewalk
