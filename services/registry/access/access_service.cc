#include "services/registry/access/access_service.h"

#include "services/common/grpc_status.h"
#include "services/common/logging.h"

namespace ropewalk {

grpc::Status AccessServiceImpl::CreateToken(grpc::ServerContext* context,
                                            const v1::CreateTokenRequest* request,
                                            v1::CreateTokenResponse* response) {
  if (const absl::Status may = guard_.MayAdminister(*context); !may.ok()) return ToGrpcStatus(may);
  absl::StatusOr<v1::CreateTokenResponse> made = access_->CreateToken(*request);
  if (!made.ok()) return ToGrpcStatus(made.status());
  LogInfo("made an access token", {{"token", made->token().name()}, {"user", request->user()}});
  *response = *std::move(made);
  return grpc::Status::OK;
}

grpc::Status AccessServiceImpl::ListTokens(grpc::ServerContext* context,
                                           const v1::ListTokensRequest*,
                                           v1::ListTokensResponse* response) {
  if (const absl::Status may = guard_.MayAdminister(*context); !may.ok()) return ToGrpcStatus(may);
  const absl::StatusOr<std::vector<v1::AccessToken>> tokens = access_->ListTokens();
  if (!tokens.ok()) return ToGrpcStatus(tokens.status());
  response->mutable_tokens()->Add(tokens->begin(), tokens->end());
  return grpc::Status::OK;
}

grpc::Status AccessServiceImpl::DeleteToken(grpc::ServerContext* context,
                                            const v1::DeleteTokenRequest* request,
                                            google::protobuf::Empty*) {
  if (const absl::Status may = guard_.MayAdminister(*context); !may.ok()) return ToGrpcStatus(may);
  const absl::Status status = access_->DeleteToken(request->name());
  if (status.ok()) LogInfo("revoked an access token", {{"token", request->name()}});
  return ToGrpcStatus(status);
}

}  // namespace ropewalk
