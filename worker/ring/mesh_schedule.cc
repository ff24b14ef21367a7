#include "worker/ring/mesh_schedule.h"

#include <xxhash.h>

#include <algorithm>

namespace ropewalk {
namespace {

constexpr int64_t kMeshFingerprint = 0x6d657368;  // unlike any ring's

}  // namespace

MeshSchedule::MeshSchedule(absl::Span<const RingBuffer> buffers, int ranks, Granularity granularity)
    : ranks_(ranks), granularity_(granularity), buffers_(buffers.begin(), buffers.end()) {
  for (int b = 0; b < static_cast<int>(buffers_.size()); ++b) {
    const RingBuffer& buffer = buffers_[b];
    const int64_t longest = BlockRange(buffer.count, ranks, 0).size() * ElementBytes(buffer.op);
    const int64_t chunks = (longest + granularity.chunk_bytes - 1) / granularity.chunk_bytes;
    for (int64_t number = 0; number < chunks; ++number) lanes_.push_back({b, number});
  }
  window_ = std::min<int64_t>(granularity.window, lanes());
}

MeshSchedule::Message MeshSchedule::At(int64_t i) const {
  if (i < window_) return {false, i};
  const int64_t after = i - window_;
  const int64_t in_turn = 2 * (lanes() - window_);
  if (after >= in_turn) return {true, after - in_turn / 2};
  return after % 2 == 0 ? Message{true, after / 2} : Message{false, window_ + after / 2};
}

bool MeshSchedule::MaySend(const Message& message, int64_t lanes) const {
  return message.lane < lanes + (message.is_sum ? 0 : window_);
}

ScheduledChunk MeshSchedule::ChunkOf(int64_t lane, int block) const {
  const Lane& place = lanes_[lane];
  const RingBuffer& buffer = buffers_[place.buffer];
  const ElementRange whole = BlockRange(buffer.count, ranks_, block);
  const int64_t elements = granularity_.chunk_bytes / ElementBytes(buffer.op);
  const int64_t begin = std::min(whole.begin + place.number * elements, whole.end);
  return {0, place.buffer, block, place.number, {begin, std::min(begin + elements, whole.end)}};
}

uint32_t MeshSchedule::Fingerprint() const {
  std::vector<int64_t> facts = {kMeshFingerprint, ranks_, granularity_.chunk_bytes,
                                granularity_.window};
  for (const RingBuffer& buffer : buffers_) {
    facts.push_back(static_cast<int64_t>(buffer.op));
    facts.push_back(static_cast<int64_t>(buffer.wire));
    facts.push_back(buffer.count);
  }
  return static_cast<uint32_t>(XXH3_64bits(facts.data(), facts.size() * sizeof(int64_t)));
}

}  // namespace ropewalk
