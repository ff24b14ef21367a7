#include "coordinator/rpc/attach_reactor.h"

#include <utility>

#include "services/common/grpc_status.h"

namespace ropewalk {

AttachReactor* AttachReactor::Start(Coordinator* coordinator) {
  auto self = std::shared_ptr<AttachReactor>(new AttachReactor(coordinator));
  self->self_ = self;
  AttachReactor* reactor = self.get();
  reactor->StartRead(&reactor->request_);
  return reactor;
}

void AttachReactor::OnReadDone(bool ok) {
  if (!ok) return End(absl::OkStatus());
  const absl::Status status = Take(request_);
  if (!status.ok()) return End(status);
  StartRead(&request_);
}

absl::Status AttachReactor::Take(const v1::AttachRequest& request) {
  if (request.has_hello() == said_hello_) {
    return absl::InvalidArgumentError(said_hello_ ? "a stream has one hello only"
                                                  : "the first message must be the hello");
  }
  if (request.has_report()) {
    coordinator_->TakeReport(session_, request.report());
    return absl::OkStatus();
  }
  said_hello_ = true;
  coordinator_->Attach(session_, request.hello(), self_);
  return absl::OkStatus();
}

void AttachReactor::Send(const v1::AttachResponse& response) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  next_ = response;
  if (!writing_) WriteNext();
}

void AttachReactor::WriteNext() {
  response_ = *std::exchange(next_, std::nullopt);
  writing_ = true;
  StartWrite(&response_);
}

void AttachReactor::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  if (closed_) {
    Finish(ToGrpcStatus(final_status_));
  } else if (ok && next_.has_value()) {
    WriteNext();
  }
}

void AttachReactor::Close(const absl::Status& status) {
  MutexLock lock(&mutex_);
  if (closed_) return;
  closed_ = true;
  final_status_ = status;
  if (!writing_) Finish(ToGrpcStatus(final_status_));
}

void AttachReactor::End(const absl::Status& status) {
  coordinator_->Detach(session_);
  Close(status);
}

}  // namespace ropewalk
