#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/chunk_pool.h"
#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_links.h"
#include "worker/ring/ring_options.h"

namespace ropewalk {

class MeshReduction;
class RingEndpoint;
class Transport;

// Sums vectors over the members of one generation with a hop from each to each: where elements are
// rounded on their way (WireFormat), since each is rounded once as a contribution and once as a
// sum, whatever the number of ranks; and in two hops instead of a ring's 2(N-1).
//
// A rank's own share of its own block is not rounded before it is added. All ranks end with the
// same bits, which for float32 depend on who is where.
//
// Threads, errors and an end are as Ring's.
class Mesh {
 public:
  // As Ring::Connect, but with all other ranks.
  static absl::StatusOr<std::unique_ptr<Mesh>> Connect(const RingOptions& options,
                                                       RingEndpoint* endpoint,
                                                       RingCancellation* cancellation = nullptr);

  // Over transports that are connected already: [d - 1] leads d places on.
  Mesh(const RingOptions& options, std::vector<std::unique_ptr<Transport>> transports,
       RingCancellation* cancellation = nullptr);
  ~Mesh();

  // As Ring::AllReduce. Nothing refers to the buffers once it has returned.
  absl::Status AllReduce(int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers);

  // As Ring::MeasureLatency.
  absl::Status MeasureLatency();

  // Breaks the mesh off, at once and for all ranks; `reason` completes "cancelled: ...".
  void Cancel(absl::string_view reason);

  // How long all calls have waited so far, [d - 1] for the rank d places back.
  const std::vector<absl::Duration>& waits() const { return links_.waits(); }

  // Bytes of elements, as they travel, that all calls have sent so far.
  int64_t payload_bytes_sent() const { return links_.payload_bytes_sent(); }

 private:
  absl::Status Exchange(MeshReduction* reduction);
  void SendAll(MeshReduction* reduction);

  RingOptions options_;
  const int ranks_;
  RingLinks links_;
  ChunkPool pool_;
};

}  // namespace ropewalk
