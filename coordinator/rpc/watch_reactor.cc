#include "coordinator/rpc/watch_reactor.h"

#include <utility>

#include "services/common/grpc_status.h"

namespace ropewalk {

WatchReactor* WatchReactor::Start(Coordinator* coordinator, const v1::WatchJobRequest& request) {
  auto self = std::shared_ptr<WatchReactor>(new WatchReactor());
  self->self_ = self;
  WatchReactor* reactor = self.get();
  coordinator->WatchJob(request, std::move(self));
  return reactor;
}

WatchStream::State WatchReactor::state() {
  MutexLock lock(&mutex_);
  if (closed_) return State::kGone;
  return writing_ ? State::kBusy : State::kReady;
}

void WatchReactor::Send(v1::WatchJobResponse response) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  response_ = std::move(response);
  writing_ = true;
  StartWrite(&response_);
}

void WatchReactor::Close(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  closed_ = true;
  final_status_ = status;
  if (!writing_) Finish(ToGrpcStatus(final_status_));
}

void WatchReactor::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok && !closed_) {
    closed_ = true;
    final_status_ = absl::CancelledError("the caller is gone");
  }
  if (closed_) Finish(ToGrpcStatus(final_status_));
}

}  // namespace ropewalk
