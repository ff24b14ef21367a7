#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "ropewalk/v1/common.pb.h"

namespace ropewalk {

// The one place where the three kinds of error meet. Codes have the same numbers in all of them.

grpc::Status ToGrpcStatus(const absl::Status& status);
// An error without a message is given one.
absl::Status FromGrpcStatus(const grpc::Status& status);
v1::Status ToProtoStatus(const absl::Status& status);
absl::Status FromProtoStatus(const v1::Status& status);

}  // namespace ropewalk
