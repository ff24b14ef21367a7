#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>

#include <chrono>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/client/coordinator_client.h"
#include "services/common/grpc_status.h"

namespace ropewalk {
namespace {

// One operation is in flight on the queue at any time: the start, then one read after the other,
// then the finish.
class GrpcJobStream : public JobStream {
 public:
  GrpcJobStream(v1::JobService::StubInterface* stub, const v1::WatchJobRequest& request) {
    context_.set_wait_for_ready(true);
    reader_ = stub->AsyncWatchJob(&context_, request, &queue_, nullptr);
  }

  ~GrpcJobStream() override {
    context_.TryCancel();
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  Result Next(absl::Duration timeout, v1::WatchJobResponse* response) override {
    const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout);
    void* tag;
    bool ok;
    while (queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
      const Phase done = phase_;
      if (done == Phase::kFinishing) return Result::kEnd;
      if (done == Phase::kReading && ok) *response = message_;
      Continue(ok);
      if (done == Phase::kReading && ok) return Result::kMessage;
    }
    return Result::kTimeout;
  }

  absl::Status status() const override { return FromGrpcStatus(status_); }

 private:
  enum class Phase { kStarting, kReading, kFinishing };

  // Puts the next operation in flight after one that succeeded or failed.
  void Continue(bool ok) {
    phase_ = ok ? Phase::kReading : Phase::kFinishing;
    ok ? reader_->Read(&message_, nullptr) : reader_->Finish(&status_, nullptr);
  }

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderInterface<v1::WatchJobResponse>> reader_;
  Phase phase_ = Phase::kStarting;
  v1::WatchJobResponse message_;
  grpc::Status status_;
};

}  // namespace

std::unique_ptr<JobStream> CoordinatorClient::WatchJob(const std::string& name,
                                                       int64_t after_sequence) {
  v1::WatchJobRequest request;
  request.set_name(absl::StartsWith(name, "jobs/") ? name : absl::StrCat("jobs/", name));
  request.set_after_sequence(after_sequence);
  return std::make_unique<GrpcJobStream>(jobs_.get(), request);
}

}  // namespace ropewalk
