#include "services/common/grpc_status.h"

#include <string>

namespace ropewalk {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (status.ok() || !status.error_message().empty()) {
    return absl::Status(code, status.error_message());
  }
  // gRPC itself gives no message for a service that the server does not have.
  return absl::Status(code, code == absl::StatusCode::kUnimplemented
                                ? "the server at this address does not offer this call; is it "
                                  "another program's, or another version's?"
                                : "the server gives no reason");
}

v1::Status ToProtoStatus(const absl::Status& status) {
  v1::Status proto;
  proto.set_code(static_cast<int>(status.code()));
  proto.set_message(std::string(status.message()));
  return proto;
}

absl::Status FromProtoStatus(const v1::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.code()), status.message());
}

}  // namespace ropewalk
