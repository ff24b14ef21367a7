#include "services/common/diagnostics_service.h"

#include "services/common/grpc_status.h"
#include "services/common/threads.h"

namespace ropewalk {

grpc::Status DiagnosticsServiceImpl::ListThreads(grpc::ServerContext*,
                                                 const v1::ListThreadsRequest*,
                                                 v1::ListThreadsResponse* response) {
  absl::StatusOr<v1::ListThreadsResponse> threads = ropewalk::ListThreads();
  if (!threads.ok()) return ToGrpcStatus(threads.status());
  *response = *std::move(threads);
  return grpc::Status::OK;
}

}  // namespace ropewalk
