#include "services/client/unary_call.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/backoff.h"
#include "services/common/grpc_status.h"

namespace ropewalk {

absl::Status RetryWhileUnavailable(const std::function<absl::Status()>& attempt) {
  constexpr int kAttempts = 4;
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(1), absl::ToUnixNanos(absl::Now()));
  absl::Status status = attempt();
  for (int i = 1; i < kAttempts && absl::IsUnavailable(status); ++i) {
    absl::SleepFor(backoff.Next());
    status = attempt();
  }
  return status;
}

absl::Status ExplainCallError(const grpc::Status& grpc_status, const std::string& server) {
  absl::Status status = FromGrpcStatus(grpc_status);
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(absl::StrCat(
        "cannot reach ", server, " (", status.message(),
        "); is it running? `ropewalk up` starts a local cluster, --state or --coordinator and "
        "--registry say where one runs"));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return absl::DeadlineExceededError(
        absl::StrCat(server, " did not answer within ", absl::FormatDuration(kCallTimeout)));
  }
  return status;
}

}  // namespace ropewalk
