#include "worker/ring/ring_options.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr int kMaxRanks = 65535;  // a chunk's header has 16 bits for the block

constexpr int kMaxStripes = 16;

constexpr size_t kMaxBuffers = 255;

}  // namespace

absl::Status CheckRingOptions(const RingOptions& options) {
  const int ranks = options.ranks();
  if (ranks < 1 || ranks > kMaxRanks || options.rank < 0 || options.rank >= ranks) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank ", options.rank, " of ", ranks, " ranks is no place in a ring"));
  }
  if (options.stripes >= 1 && options.stripes <= kMaxStripes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a hop is made over 1 to ", kMaxStripes, " connections, not ", options.stripes));
}

absl::Status CheckRingBuffers(absl::Span<const RingBuffer> buffers) {
  if (buffers.size() > kMaxBuffers) {
    return absl::InvalidArgumentError(
        absl::StrCat(buffers.size(), " buffers; at most ", kMaxBuffers, " go into one reduction"));
  }
  for (const RingBuffer& buffer : buffers) {
    if (buffer.count < 0) return absl::InvalidArgumentError("a buffer's count is negative");
  }
  return absl::OkStatus();
}

Granularity GranularityOf(const RingOptions& options, absl::Span<const RingBuffer> buffers) {
  Granularity granularity = DefaultGranularity(buffers, options.ranks(), options.latency);
  if (options.granularity.chunk_bytes > 0)
    granularity.chunk_bytes = options.granularity.chunk_bytes;
  if (options.granularity.window > 0) granularity.window = options.granularity.window;
  return granularity;
}

}  // namespace ropewalk
