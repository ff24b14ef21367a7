#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ropewalk {

// How long one try of a unary call may take.
inline constexpr absl::Duration kCallTimeout = absl::Seconds(10);

// Tries again while `attempt` says UNAVAILABLE: at most four times, 0.1 s to 1 s apart. For calls
// that are safe to repeat.
absl::Status RetryWhileUnavailable(const std::function<absl::Status()>& attempt);

// The status of a call in words for a person: an UNAVAILABLE says which server could not be reached
// and how to start or name one.
absl::Status ExplainCallError(const grpc::Status& status, const std::string& server);

// Calls `method` of a generated stub with a deadline, and again while UNAVAILABLE. All methods that
// this program calls are safe to repeat: they only read, or name the state that they want, or carry
// a request_id. server: "the coordinator at host:port", for errors.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> CallUnary(Stub* stub,
                                   grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                                   const Request& request, const std::string& server) {
  Response response;
  const absl::Status status = RetryWhileUnavailable([&] {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoSeconds(kCallTimeout));
    return ExplainCallError((stub->*method)(&context, request, &response), server);
  });
  if (!status.ok()) return status;
  return response;
}

}  // namespace ropewalk
