#include "worker/agent/ring_reducer.h"

#include <vector>

namespace ropewalk {

RingReducer::RingReducer(Ring* ring)
    : all_reduce_([ring](int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers) {
        return ring->AllReduce(step, attempt, buffers);
      }) {}

RingReducer::RingReducer(Mesh* mesh, WireFormat wire)
    : all_reduce_([mesh](int64_t step, uint32_t attempt, absl::Span<const RingBuffer> buffers) {
        return mesh->AllReduce(step, attempt, buffers);
      }),
      wire_(wire) {}

absl::Status RingReducer::AllReduce(int64_t step, const Contribution& contribution) {
  std::vector<RingBuffer> buffers;
  const auto add = [&](auto part, ReduceOp op) {
    if (part.empty()) return;
    buffers.push_back({part.data(), static_cast<int64_t>(part.size()), op, contribution.owner});
  };
  add(contribution.sums, ReduceOp::kSumInt32);
  add(contribution.maxima, ReduceOp::kMaxUint8);
  add(contribution.float_sums, ReduceOp::kSumFloat32);
  if (!contribution.float_sums.empty() && !contribution.plain) buffers.back().wire = wire_;
  if (!contribution.owed.empty()) {
    buffers.back().feedback = {contribution.owed.data(), contribution.owed_next.data()};
  }
  return all_reduce_(step, next_++, buffers);
}

}  // namespace ropewalk
