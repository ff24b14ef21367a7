#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "services/common/grpc_status.h"

namespace ropewalk {

// What finishes a unary call: puts the answer where gRPC expects it.
template <typename T>
std::function<void(absl::StatusOr<T>)> AnswerTo(grpc::ServerUnaryReactor* reactor, T* response) {
  return [reactor, response](absl::StatusOr<T> answer) {
    if (answer.ok()) *response = *std::move(answer);
    reactor->Finish(ToGrpcStatus(answer.status()));
  };
}

}  // namespace ropewalk
