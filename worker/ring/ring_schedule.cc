#include "worker/ring/ring_schedule.h"

#include <xxhash.h>

#include <algorithm>

namespace ropewalk {
namespace {

constexpr int64_t kMinChunkBytes = 64 << 10;
constexpr int64_t kMaxChunkBytes = 1 << 20;
constexpr int kChunksPerBlock = 4;

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Of all buffers, for the direct exchange.
constexpr int64_t kMostDirectBytes = 8 << 20;

bool IsDirect(absl::Span<const RingBuffer> buffers, int ranks) {
  int64_t bytes = 0;
  for (const RingBuffer& buffer : buffers) bytes += buffer.count * ElementBytes(buffer.op);
  return ranks == 2 && bytes <= kMostDirectBytes;
}

// Into how many blocks a buffer is cut.
int BlocksOf(absl::Span<const RingBuffer> buffers, int ranks) {
  return IsDirect(buffers, ranks) ? 1 : ranks;
}

// Of the largest block of any buffer.
int64_t LargestBlockBytes(absl::Span<const RingBuffer> buffers, int blocks) {
  int64_t largest = 0;
  for (const RingBuffer& buffer : buffers) {
    const int64_t block = CeilDivide(buffer.count, blocks);
    largest = std::max(largest, block * ElementBytes(buffer.op));
  }
  return largest;
}

}  // namespace

ElementRange BlockRange(int64_t count, int ranks, int block) {
  const int64_t base = count / ranks;
  const int64_t longer = count % ranks;
  const int64_t begin = block * base + std::min<int64_t>(block, longer);
  return {begin, begin + base + (block < longer ? 1 : 0)};
}

int64_t PayloadBytes(absl::Span<const RingBuffer> buffers, int ranks, int rank) {
  int64_t bytes = 0;
  for (const RingBuffer& buffer : buffers) {
    const int64_t not_sent = BlockRange(buffer.count, ranks, (rank + 1) % ranks).size() +
                             BlockRange(buffer.count, ranks, (rank + 2) % ranks).size();
    bytes += (2 * buffer.count - not_sent) * ElementBytes(buffer.op);
  }
  return bytes;
}

Granularity DefaultGranularity(absl::Span<const RingBuffer> buffers, int ranks) {
  const int64_t quarter =
      CeilDivide(LargestBlockBytes(buffers, BlocksOf(buffers, ranks)), kChunksPerBlock);
  const int64_t whole_cache_lines = CeilDivide(quarter, 64) * 64;
  return {std::clamp(whole_cache_lines, kMinChunkBytes, kMaxChunkBytes), 2 * ranks};
}

RingSchedule::RingSchedule(absl::Span<const RingBuffer> buffers, int ranks, int rank,
                           Granularity granularity)
    : ranks_(ranks),
      rank_(rank),
      direct_(IsDirect(buffers, ranks)),
      blocks_(BlocksOf(buffers, ranks)),
      steps_(direct_ ? 1 : 2 * (ranks - 1)),
      granularity_(granularity),
      buffers_(buffers.begin(), buffers.end()) {
  for (int b = 0; b < static_cast<int>(buffers_.size()); ++b) {
    const int64_t block_bytes = LargestBlockBytes(buffers.subspan(b, 1), blocks_);
    const int64_t chunks = CeilDivide(block_bytes, granularity.chunk_bytes);
    for (int64_t number = 0; number < chunks; ++number) lanes_.push_back({b, number});
  }
}

int64_t RingSchedule::GroupSize(int64_t i) const {
  const int64_t first_lane = i / (granularity_.window * steps_) * granularity_.window;
  return std::min<int64_t>(granularity_.window, static_cast<int64_t>(lanes_.size()) - first_lane);
}

ScheduledChunk RingSchedule::At(int64_t i, int shift) const {
  const int64_t group = i / (granularity_.window * steps_);
  const int64_t within = i % (granularity_.window * steps_);
  const int64_t size = GroupSize(i);
  const int step = static_cast<int>(within / size);
  const Lane& lane = lanes_[group * granularity_.window + within % size];
  const int block = ((rank_ - step - shift) % blocks_ + blocks_) % blocks_;

  const RingBuffer& buffer = buffers_[lane.buffer];
  const ElementRange whole = BlockRange(buffer.count, blocks_, block);
  const int64_t chunk_elements = granularity_.chunk_bytes / ElementBytes(buffer.op);
  const int64_t begin = std::min(whole.begin + lane.number * chunk_elements, whole.end);
  const int64_t end = std::min(begin + chunk_elements, whole.end);
  return {step, lane.buffer, block, lane.number, {begin, end}};
}

ScheduledChunk RingSchedule::Sent(int64_t i) const { return At(i, 0); }

ScheduledChunk RingSchedule::Received(int64_t i) const { return At(i, 1); }

uint32_t RingSchedule::Fingerprint() const {
  std::vector<int64_t> facts = {ranks_, granularity_.chunk_bytes, granularity_.window};
  for (const RingBuffer& buffer : buffers_) {
    facts.push_back(static_cast<int64_t>(buffer.op));
    facts.push_back(buffer.count);
  }
  return static_cast<uint32_t>(XXH3_64bits(facts.data(), facts.size() * sizeof(int64_t)));
}

}  // namespace ropewalk
