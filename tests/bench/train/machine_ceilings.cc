#include "tests/bench/train/machine_ceilings.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tests/bench/train/step_matmuls.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

constexpr int kCopies = 9;

// Bytes a second, the median of several copies after a first one that is not counted. The copy is
// made at least 256 MiB long, so that threads' beginning does not count.
double CopiedBytesPerSecond(int64_t size) {
  using Clock = std::chrono::steady_clock;
  const int64_t times = std::max<int64_t>(1, (int64_t{256} << 20) / size);
  const AlignedMemory<char> from = AllocateAligned<char>(size), to = AllocateAligned<char>(size);
  std::memset(from.get(), 1, size);
  std::vector<double> seconds;
  for (int copy = 0; copy <= kCopies; ++copy) {
    const Clock::time_point start = Clock::now();
    ParallelFor(size, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < times; ++i) {
        std::memcpy(to.get() + begin, from.get() + begin, end - begin);
      }
    });
    if (copy > 0) seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kCopies / 2, seconds.end());
  return 2.0 * size * times / seconds[kCopies / 2];
}

}  // namespace

MachineCeilings MeasureCeilings(bool bfloat16) {
  const MatMulShape square = {2048, 2048, 2048, false, 1};
  return {FlopsOf({square}) / OneDnnSecondsOf(square, bfloat16),
          CopiedBytesPerSecond(int64_t{256} << 20), CopiedBytesPerSecond(int64_t{4} << 20)};
}

}  // namespace ropewalk
