#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/ring/grpc_transport.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"

namespace ropewalk {
namespace {

constexpr int kMaxRanks = 65535;  // a chunk's header has 16 bits for the block

absl::Status CheckOptions(const RingOptions& options) {
  const int ranks = static_cast<int>(options.addresses.size());
  if (ranks < 1 || ranks > kMaxRanks || options.rank < 0 || options.rank >= ranks) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank ", options.rank, " of ", ranks, " ranks is no place in a ring"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ring>> Ring::Connect(const RingOptions& options,
                                                    RingEndpoint* endpoint,
                                                    RingCancellation* cancellation) {
  RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<Transport> transport;
  if (options.addresses.size() > 1) {
    ASSIGN_OR_RETURN(transport, GrpcTransport::Connect(options, &endpoint->joins(),
                                                       &endpoint->poller(), cancellation));
  }
  return std::make_unique<Ring>(options, std::move(transport), cancellation);
}

}  // namespace ropewalk
