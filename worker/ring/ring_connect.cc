#include <numeric>
#include <utility>
#include <vector>

#include "services/common/status_macros.h"
#include "worker/ring/grpc_transport.h"
#include "worker/ring/mesh.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"

namespace ropewalk {
namespace {

absl::StatusOr<std::vector<std::unique_ptr<Transport>>> ConnectTo(const std::vector<int>& distances,
                                                                  const RingOptions& options,
                                                                  RingEndpoint* endpoint,
                                                                  RingCancellation* cancellation) {
  if (distances.empty()) return std::vector<std::unique_ptr<Transport>>();
  return GrpcTransport::Connect(options, distances, &endpoint->joins(), &endpoint->poller(),
                                cancellation);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Ring>> Ring::Connect(const RingOptions& options,
                                                    RingEndpoint* endpoint,
                                                    RingCancellation* cancellation) {
  RETURN_IF_ERROR(CheckRingOptions(options));
  const std::vector<int> successor(options.ranks() > 1 ? 1 : 0, 1);
  ASSIGN_OR_RETURN(auto transports, ConnectTo(successor, options, endpoint, cancellation));
  auto ring = std::make_unique<Ring>(
      options, transports.empty() ? nullptr : std::move(transports[0]), cancellation);
  RETURN_IF_ERROR(ring->MeasureLatency());
  return ring;
}

absl::StatusOr<std::unique_ptr<Mesh>> Mesh::Connect(const RingOptions& options,
                                                    RingEndpoint* endpoint,
                                                    RingCancellation* cancellation) {
  RETURN_IF_ERROR(CheckRingOptions(options));
  std::vector<int> everyone(options.ranks() - 1);
  std::iota(everyone.begin(), everyone.end(), 1);
  ASSIGN_OR_RETURN(auto transports, ConnectTo(everyone, options, endpoint, cancellation));
  auto mesh = std::make_unique<Mesh>(options, std::move(transports), cancellation);
  RETURN_IF_ERROR(mesh->MeasureLatency());
  return mesh;
}

}  // namespace ropewalk
