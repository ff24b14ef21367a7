#include "worker/ring/state_transfer.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ropewalk/v1/ring_service.grpc.pb.h"
#include "services/common/grpc_status.h"
#include "services/common/mutex.h"
#include "worker/ring/ring_channel.h"
#include "worker/ring/state_download.h"

namespace ropewalk {
namespace {

// Between one stream and the next.
constexpr absl::Duration kPause = absl::Milliseconds(100);

// One PullState call, which appends to a download. Used by one thread, and by gRPC's.
class StateCall final : public grpc::ClientReadReactor<v1::PullStateResponse> {
 public:
  // All outlive the call.
  StateCall(v1::RingService::Stub* stub, const v1::PullStateRequest* request,
            StateDownload* download)
      : download_(download) {
    context_.set_wait_for_ready(true);
    stub->async()->PullState(&context_, request, this);
    StartRead(&response_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  // The call's outcome, once it has ended. DEADLINE_EXCEEDED: cancelled, because nothing came for
  // `progress_timeout`.
  absl::Status Wait(absl::Duration progress_timeout) {
    MutexLock lock(&mutex_);
    while (!outcome_.has_value() && WaitForChange(progress_timeout)) {
    }
    const bool stalled = !outcome_.has_value();
    if (stalled) context_.TryCancel();
    while (!outcome_.has_value()) WaitForChange(progress_timeout);  // a cancelled call ends
    if (stalled && absl::IsCancelled(*outcome_)) {
      return absl::DeadlineExceededError(
          absl::StrCat("nothing came for ", absl::FormatDuration(progress_timeout)));
    }
    return error_.ok() ? *outcome_ : error_;
  }

 private:
  // False: nothing came in time.
  bool WaitForChange(absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const absl::Time deadline = absl::Now() + timeout;
    const int64_t before = responses_;
    while (!outcome_.has_value() && responses_ == before && absl::Now() < deadline) {
      changed_.WaitFor(&mutex_, deadline - absl::Now());
    }
    return outcome_.has_value() || responses_ != before;
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    MutexLock lock(&mutex_);
    error_ = download_->Append(response_, responses_++ == 0);
    changed_.SignalAll();
    if (error_.ok()) {
      StartRead(&response_);
    } else {
      context_.TryCancel();
    }
  }

  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mutex_);
    outcome_ = FromGrpcStatus(status);
    changed_.SignalAll();
  }

  StateDownload* const download_;
  grpc::ClientContext context_;
  v1::PullStateResponse response_;
  Mutex mutex_;
  CondVar changed_;
  int64_t responses_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> outcome_ ABSL_GUARDED_BY(mutex_);
};

bool MayBeAskedAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) || absl::IsNotFound(status);
}

absl::Status InContext(const absl::Status& status, const std::string& address,
                       const v1::PullStateRequest& request) {
  return absl::Status(status.code(),
                      absl::StrCat("pull the state of ", request.job(), " after step ",
                                   request.step(), " from ", address, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::string> PullState(const std::string& address, const std::string& job,
                                      int64_t generation, int64_t step,
                                      absl::Duration progress_timeout,
                                      RingCancellation* cancellation) {
  RingCancellation never;
  if (cancellation == nullptr) cancellation = &never;
  const std::unique_ptr<v1::RingService::Stub> stub =
      v1::RingService::NewStub(DialRingChannel(address));
  v1::PullStateRequest request;
  request.set_job(job);
  request.set_generation(generation);
  request.set_step(step);

  StateDownload download;
  absl::Time last_progress = absl::Now();
  while (true) {
    request.set_offset(download.offset());
    StateCall call(stub.get(), &request, &download);
    absl::Status status;
    {
      const RingCancellation::Listener listener(cancellation,
                                                [&call](const absl::Status&) { call.Cancel(); });
      status = call.Wait(progress_timeout);
    }
    if (!cancellation->status().ok()) return cancellation->status();
    if (status.ok()) return std::move(download).Finish();
    if (download.offset() > request.offset()) last_progress = absl::Now();
    if (!MayBeAskedAgain(status) || absl::Now() - last_progress >= progress_timeout) {
      return InContext(status, address, request);
    }
    cancellation->Wait(kPause).IgnoreError();
  }
}

}  // namespace ropewalk
