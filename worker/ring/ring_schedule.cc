#include "worker/ring/ring_schedule.h"

#include <xxhash.h>

#include <algorithm>

namespace ropewalk {
namespace {

constexpr int64_t kMinChunkBytes = 64 << 10;
constexpr int64_t kMaxChunkBytes = 512 << 10;
constexpr int kWindow = 2;
constexpr double kFastLinkBytesPerSecond = 1.25e9;
constexpr int64_t kMostInFlight = 16 << 20;
constexpr int kChunksPerBlock = 4;

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Of all buffers, for the direct exchange.
constexpr int64_t kMostDirectBytes = 512 << 10;

bool IsDirect(absl::Span<const RingBuffer> buffers, int ranks, Collective collective) {
  int64_t bytes = 0;
  for (const RingBuffer& buffer : buffers) bytes += buffer.count * ElementBytes(buffer.op);
  return collective.kind == CollectiveKind::kAllReduce && ranks == 2 && bytes <= kMostDirectBytes;
}

// Into how many blocks a buffer is cut.
int BlocksOf(absl::Span<const RingBuffer> buffers, int ranks, Collective collective) {
  const bool whole = collective.kind == CollectiveKind::kBroadcast;
  return whole || IsDirect(buffers, ranks, collective) ? 1 : ranks;
}

int FirstStep(int ranks, Collective collective) {
  const bool gathers_only = collective.kind == CollectiveKind::kAllGather ||
                            collective.kind == CollectiveKind::kBroadcast;
  return gathers_only ? ranks - 1 : 0;
}

int LastStep(int ranks, Collective collective, bool direct) {
  if (direct) return 0;
  switch (collective.kind) {
    case CollectiveKind::kReduceScatter:
      return ranks - 2;
    case CollectiveKind::kBroadcast:
      return 2 * ranks - 2;
    default:
      return 2 * ranks - 3;
  }
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

int64_t PayloadBytes(absl::Span<const RingBuffer> buffers, int ranks, int rank,
                     Collective collective) {
  int64_t bytes = 0;
  for (const RingBuffer& buffer : buffers) {
    const auto block = [&](int distance) {
      return BlockRange(buffer.count, ranks, (rank + distance) % ranks).size();
    };
    int64_t elements = 0;
    switch (collective.kind) {
      case CollectiveKind::kAllReduce:
        elements = 2 * buffer.count - block(1) - block(2);
        break;
      case CollectiveKind::kReduceScatter:
        elements = buffer.count - block(0);
        break;
      case CollectiveKind::kAllGather:
        elements = buffer.count - block(1);
        break;
      case CollectiveKind::kBroadcast:
        elements = (rank + 1) % ranks == collective.root ? 0 : buffer.count;
        break;
    }
    bytes += elements * ElementBytes(buffer.op);
  }
  return bytes;
}

Granularity DefaultGranularity(absl::Span<const RingBuffer> buffers, int ranks,
                               absl::Duration latency) {
  const int64_t quarter =
      CeilDivide(LargestBlockBytes(buffers, BlocksOf(buffers, ranks, {})), kChunksPerBlock);
  const int64_t whole_cache_lines = CeilDivide(quarter, 64) * 64;
  const int64_t chunk = std::clamp(whole_cache_lines, kMinChunkBytes, kMaxChunkBytes);
  const double there_and_back = 2 * absl::ToDoubleSeconds(latency);
  const auto in_flight = static_cast<int64_t>(
      std::min<double>(kMostInFlight, 2 * there_and_back * kFastLinkBytesPerSecond));
  return {chunk, static_cast<int>(std::max<int64_t>(kWindow, CeilDivide(in_flight, chunk)))};
}

RingSchedule::RingSchedule(absl::Span<const RingBuffer> buffers, int ranks, int rank,
                           Granularity granularity, Collective collective)
    : collective_(collective),
      ranks_(ranks),
      rank_(rank),
      blocks_(BlocksOf(buffers, ranks, collective)),
      first_step_(FirstStep(ranks, collective)),
      last_step_(LastStep(ranks, collective, IsDirect(buffers, ranks, collective))),
      steps_a_rank_(collective.kind == CollectiveKind::kBroadcast ? std::min(ranks - 1, 1)
                                                                  : last_step_ - first_step_ + 1),
      granularity_(granularity),
      buffers_(buffers.begin(), buffers.end()) {
  for (int b = 0; b < static_cast<int>(buffers_.size()); ++b) {
    const int64_t block_bytes = LargestBlockBytes(buffers.subspan(b, 1), blocks_);
    const int64_t chunks = CeilDivide(block_bytes, granularity.chunk_bytes);
    for (int64_t number = 0; number < chunks; ++number) lanes_.push_back({b, number});
  }
}

int64_t RingSchedule::GroupSize(int64_t i) const {
  const int64_t first_lane = i / (granularity_.window * steps_a_rank_) * granularity_.window;
  return std::min<int64_t>(granularity_.window, static_cast<int64_t>(lanes_.size()) - first_lane);
}

bool RingSchedule::MaySend(int64_t i, int64_t received) const {
  if (collective_.kind != CollectiveKind::kBroadcast) return i < received + GroupSize(i);
  return i < received + (rank_ == collective_.root ? granularity_.window : 0);
}

ScheduledChunk RingSchedule::At(int64_t i, int distance) const {
  const int64_t group = i / (granularity_.window * steps_a_rank_);
  const int64_t within = i % (granularity_.window * steps_a_rank_);
  const int64_t size = GroupSize(i);
  const int sender = (rank_ - distance + ranks_) % ranks_;
  const bool broadcast = collective_.kind == CollectiveKind::kBroadcast;
  const int step = first_step_ + (broadcast ? (sender - collective_.root + ranks_) % ranks_
                                            : static_cast<int>(within / size));
  const Lane& lane = lanes_[group * granularity_.window + within % size];
  const int renumbered = collective_.kind == CollectiveKind::kAllReduce ? 0 : 1;
  const int block = ((sender - step - renumbered) % blocks_ + blocks_) % blocks_;

  const RingBuffer& buffer = buffers_[lane.buffer];
  const ElementRange whole = BlockRange(buffer.count, blocks_, block);
  const int64_t chunk_elements = granularity_.chunk_bytes / ElementBytes(buffer.op);
  const int64_t begin = std::min(whole.begin + lane.number * chunk_elements, whole.end);
  const bool answer = broadcast && step == last_step_;
  const int64_t end = answer ? begin : std::min(begin + chunk_elements, whole.end);
  return {step, lane.buffer, block, lane.number, {begin, end}};
}

ScheduledChunk RingSchedule::Sent(int64_t i) const { return At(i, 0); }

ScheduledChunk RingSchedule::Received(int64_t i) const { return At(i, 1); }

uint32_t RingSchedule::Fingerprint() const {
  std::vector<int64_t> facts = {static_cast<int64_t>(collective_.kind), collective_.root, ranks_,
                                granularity_.chunk_bytes, granularity_.window};
  for (const RingBuffer& buffer : buffers_) {
    facts.push_back(static_cast<int64_t>(buffer.op));
    facts.push_back(buffer.count);
  }
  return static_cast<uint32_t>(XXH3_64bits(facts.data(), facts.size() * sizeof(int64_t)));
}

}  // namespace ropewalk
