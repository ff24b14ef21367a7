#pragma once

#include "worker/ring/ring.h"
#include "worker/train/gradient_reducer.h"

namespace ropewalk {

// Binds the trainer's view of other workers to a ring. Every reduction of a generation has a number
// of its own, so that none can be taken for another.
class RingReducer final : public GradientReducer {
 public:
  // `ring` must outlive the reducer.
  explicit RingReducer(Ring* ring) : ring_(ring) {}

  absl::Status AllReduce(int64_t step, const Contribution& contribution) override;

 private:
  Ring* const ring_;
  uint32_t next_ = 0;
};

}  // namespace ropewalk
