#include "worker/ops/dropout.h"

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// One key for a step of a seed; the counter holds the micro-batch, the site and the element.
uint64_t StepKey(const RandomKey& key) {
  const PhiloxCounter mixed = Philox(
      {static_cast<uint32_t>(key.step), static_cast<uint32_t>(key.step >> 32), 0, 1}, key.seed);
  return uint64_t{mixed[0]} << 32 | mixed[1];
}

}  // namespace

template <typename T>
void Dropout(int64_t n, double p, const RandomKey& key, uint32_t site, const T* x, T* y) {
  const uint64_t step_key = StepKey(key);
  // Of 2^24 equally likely values of the upper bits, so many mean "drop".
  const uint32_t threshold = static_cast<uint32_t>(p * 0x1p24);
  const T scale = static_cast<T>(1.0 / (1.0 - p));
  ParallelFor((n + 3) / 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const PhiloxCounter bits = Philox(
          {static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), site, key.micro_batch},
          step_key);
      for (int64_t j = 0; j < 4 && 4 * block + j < n; ++j) {
        const int64_t i = 4 * block + j;
        y[i] = (bits[j] >> 8) < threshold ? T{0} : x[i] * scale;
      }
    }
  });
}

template void Dropout(int64_t, double, const RandomKey&, uint32_t, const float*, float*);
template void Dropout(int64_t, double, const RandomKey&, uint32_t, const double*, double*);

}  // namespace ropewalk
