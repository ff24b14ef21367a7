#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>

#include "coordinator/rpc/coordinator.h"
#include "coordinator/rpc/streams.h"
#include "services/common/mutex.h"

namespace ropewalk {

// One WatchJob call. Owns itself until gRPC is done with it.
class WatchReactor final : public grpc::ServerWriteReactor<v1::WatchJobResponse>,
                           public WatchStream {
 public:
  static WatchReactor* Start(Coordinator* coordinator, const v1::WatchJobRequest& request);

  State state() override;
  void Send(v1::WatchJobResponse response) override;
  void Close(const absl::Status& status) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override { Close(absl::CancelledError("the caller is gone")); }
  void OnDone() override { self_.reset(); }

 private:
  WatchReactor() = default;

  std::shared_ptr<WatchReactor> self_;
  Mutex mutex_;
  v1::WatchJobResponse response_ ABSL_GUARDED_BY(mutex_);  // on its way while `writing_`
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status final_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
