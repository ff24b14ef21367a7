#include "worker/agent/ring_reducer.h"

#include <vector>

namespace ropewalk {

absl::Status RingReducer::AllReduce(int64_t step, const Contribution& contribution) {
  std::vector<RingBuffer> buffers;
  const auto add = [&](auto part, ReduceOp op) {
    if (part.empty()) return;
    buffers.push_back({part.data(), static_cast<int64_t>(part.size()), op, contribution.owner});
  };
  add(contribution.sums, ReduceOp::kSumInt32);
  add(contribution.maxima, ReduceOp::kMaxUint8);
  add(contribution.float_sums, ReduceOp::kSumFloat32);
  return ring_->AllReduce(step, next_++, buffers);
}

}  // namespace ropewalk
