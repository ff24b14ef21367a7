#pragma once

#include <functional>

#include "worker/ring/mesh.h"
#include "worker/ring/ring.h"
#include "worker/train/gradient_reducer.h"

namespace ropewalk {

// Binds the trainer's view of other workers to a ring, or to a mesh in which float32 sums travel
// rounded. Every reduction of a generation has a number
// of its own, so that none can be taken for another.
class RingReducer final : public GradientReducer {
 public:
  // `ring` or `mesh` must outlive the reducer.
  explicit RingReducer(Ring* ring);
  RingReducer(Mesh* mesh, WireFormat wire);

  absl::Status AllReduce(int64_t step, const Contribution& contribution) override;

 private:
  const std::function<absl::Status(int64_t step, uint32_t attempt, absl::Span<const RingBuffer>)>
      all_reduce_;
  const WireFormat wire_ = WireFormat::kPlain;
  uint32_t next_ = 0;
};

}  // namespace ropewalk
