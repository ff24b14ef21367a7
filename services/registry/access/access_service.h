#pragma once

#include "ropewalk/v1/access_service.grpc.pb.h"
#include "services/registry/access/call_guard.h"

namespace ropewalk {

// Access tokens over gRPC.
class AccessServiceImpl final : public v1::AccessService::Service {
 public:
  // `access` is not owned and outlives the service.
  explicit AccessServiceImpl(AccessControl* access) : access_(access), guard_(access) {}

  grpc::Status CreateToken(grpc::ServerContext* context, const v1::CreateTokenRequest* request,
                           v1::CreateTokenResponse* response) override;
  grpc::Status ListTokens(grpc::ServerContext* context, const v1::ListTokensRequest* request,
                          v1::ListTokensResponse* response) override;
  grpc::Status DeleteToken(grpc::ServerContext* context, const v1::DeleteTokenRequest* request,
                           google::protobuf::Empty* response) override;

 private:
  AccessControl* const access_;
  const CallGuard guard_;
};

}  // namespace ropewalk
