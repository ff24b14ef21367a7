#pragma once

#include "ropewalk/v1/diagnostics_service.grpc.pb.h"

namespace ropewalk {

// DiagnosticsService of this process; every Server has one.
class DiagnosticsServiceImpl final : public v1::DiagnosticsService::Service {
 public:
  grpc::Status ListThreads(grpc::ServerContext* context, const v1::ListThreadsRequest* request,
                           v1::ListThreadsResponse* response) override;
};

}  // namespace ropewalk
