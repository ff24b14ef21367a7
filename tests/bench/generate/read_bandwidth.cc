#include "tests/bench/generate/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

constexpr int64_t kWords = (int64_t{1} << 30) / sizeof(uint64_t);
constexpr int kPasses = 5;

// Memory is asked for so far ahead: without it a core waits, as with few reads under way.
constexpr int64_t kAheadWords = 4096 / sizeof(uint64_t);
constexpr int64_t kLineWords = 64 / sizeof(uint64_t);

ROPEWALK_SIMD uint64_t Sum(int64_t n, const uint64_t* x) {
  uint64_t sums[4 * kLineWords] = {};
  for (int64_t i = 0; i + 4 * kLineWords <= n; i += 4 * kLineWords) {
    for (int64_t line = 0; line < 4; ++line) {
      __builtin_prefetch(x + i + line * kLineWords + kAheadWords);
    }
    for (int64_t j = 0; j < 4 * kLineWords; ++j) sums[j] += x[i + j];
  }
  for (int64_t j = 1; j < 4 * kLineWords; ++j) sums[0] += sums[j];
  return sums[0];
}

}  // namespace

double ReadBandwidth() {
  const AlignedMemory<uint64_t> words = AllocateAligned<uint64_t>(kWords);
  // Pages that were never written are all the same one.
  ParallelFor(kWords, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) words.get()[i] = i;
  });
  std::atomic<uint64_t> sum = 0;
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    ParallelFor(kWords,
                [&](int64_t begin, int64_t end) { sum += Sum(end - begin, words.get() + begin); });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, kWords * sizeof(uint64_t) / seconds.count());
  }
  return sum == 1 ? 0 : best;  // so that the reads are needed
}

}  // namespace ropewalk
