#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <optional>

#include "coordinator/rpc/coordinator.h"
#include "coordinator/rpc/streams.h"
#include "services/common/mutex.h"

namespace ropewalk {

// One Attach call: passes hello and reports on, and writes the newest answer when the last one is
// through. Owns itself until gRPC is done with it.
class AttachReactor final : public grpc::ServerBidiReactor<v1::AttachRequest, v1::AttachResponse>,
                            public WorkerStream {
 public:
  // `coordinator` must outlive the call.
  static AttachReactor* Start(Coordinator* coordinator);

  void Send(const v1::AttachResponse& response) override;
  void Close(const absl::Status& status) override;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override { End(absl::CancelledError("the worker is gone")); }
  void OnDone() override { self_.reset(); }

 private:
  explicit AttachReactor(Coordinator* coordinator)
      : coordinator_(coordinator), session_(coordinator->NewSession()) {}

  absl::Status Take(const v1::AttachRequest& request);
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The worker's side has ended.
  void End(const absl::Status& status);

  Coordinator* const coordinator_;
  const int64_t session_;
  std::shared_ptr<AttachReactor> self_;
  v1::AttachRequest request_;  // only one read is under way at a time
  bool said_hello_ = false;

  Mutex mutex_;
  std::optional<v1::AttachResponse> next_ ABSL_GUARDED_BY(mutex_);
  v1::AttachResponse response_ ABSL_GUARDED_BY(mutex_);  // on its way while `writing_`
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status final_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
