#include "worker/ops/dropout.h"

#include <cmath>

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/element.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Elements are decided in blocks of 128 by 16 bits each, which kLanes counters of Philox give: the
// low half of word w of counter l is that of element 32 w + l, the high half that of 32 w + 16 + l.
constexpr int64_t kBlock = 8 * kLanes;
static_assert(kLoopBlock % kBlock == 0);

struct BlockBits {
  uint32_t words[4][kLanes];
};

// Philox for kLanes counters side by side, so that it vectorises. Counter l of a block is
// (block * kLanes + l, site, micro-batch).
ROPEWALK_INLINE void FillBlock(uint64_t key, int64_t block, uint32_t site, uint32_t micro_batch,
                               BlockBits* bits) {
  auto& w = bits->words;
  const uint64_t first = static_cast<uint64_t>(block) * kLanes;
  for (int l = 0; l < kLanes; ++l) {
    w[0][l] = static_cast<uint32_t>(first) + l;
    w[1][l] = static_cast<uint32_t>(first >> 32);
    w[2][l] = site;
    w[3][l] = micro_batch;
  }
  uint32_t low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    for (int l = 0; l < kLanes; ++l) {
      const uint64_t a = uint64_t{kPhiloxMultipliers[0]} * w[0][l];
      const uint64_t b = uint64_t{kPhiloxMultipliers[1]} * w[2][l];
      w[0][l] = static_cast<uint32_t>(b >> 32) ^ w[1][l] ^ low;
      w[1][l] = static_cast<uint32_t>(b);
      w[2][l] = static_cast<uint32_t>(a >> 32) ^ w[3][l] ^ high;
      w[3][l] = static_cast<uint32_t>(a);
    }
    low += kPhiloxKeySteps[0];
    high += kPhiloxKeySteps[1];
  }
}

struct Chance {
  uint64_t key;
  uint32_t site;
  uint32_t micro_batch;
  uint32_t threshold;  // of 2^16 equally likely values, so many mean "drop"
};

// One block of x, of `count` elements, into y.
template <typename T>
ROPEWALK_INLINE void DropBlock(const Chance& chance, int64_t block, int64_t count, Wide<T> scale,
                               const T* x, T* y) {
  using W = Wide<T>;
  BlockBits bits;
  FillBlock(chance.key, block, chance.site, chance.micro_batch, &bits);
  W values[kBlock] = {};
  for (int64_t i = 0; i < count; ++i) values[i] = Widen(x[i]);
  W* value = values;
  for (int w = 0; w < 4; ++w, value += 2 * kLanes) {
    for (int l = 0; l < kLanes; ++l) {
      const uint32_t word = bits.words[w][l];
      value[l] = (word & 0xffff) < chance.threshold ? W{0} : value[l] * scale;
      value[l + kLanes] = (word >> 16) < chance.threshold ? W{0} : value[l + kLanes] * scale;
    }
  }
  for (int64_t i = 0; i < count; ++i) y[i] = Narrow<T>(values[i]);
}

// Elements [begin, end), where begin is a block's first.
template <typename T>
ROPEWALK_INLINE void DropBlocks(const Chance& chance, int64_t begin, int64_t end, Wide<T> scale,
                                const T* x, T* y) {
  int64_t i = begin;
  for (; i + kBlock <= end; i += kBlock) {
    DropBlock(chance, i / kBlock, kBlock, scale, x + i, y + i);
  }
  if (i < end) DropBlock(chance, i / kBlock, end - i, scale, x + i, y + i);
}

ROPEWALK_SIMD void Drop(const Chance& chance, int64_t begin, int64_t end, float scale,
                        const float* x, float* y) {
  DropBlocks(chance, begin, end, scale, x, y);
}
ROPEWALK_SIMD void Drop(const Chance& chance, int64_t begin, int64_t end, float scale,
                        const Bfloat16* x, Bfloat16* y) {
  DropBlocks(chance, begin, end, scale, x, y);
}
void Drop(const Chance& chance, int64_t begin, int64_t end, double scale, const double* x,
          double* y) {
  DropBlocks(chance, begin, end, scale, x, y);
}

// One key for a step of a seed; the counter holds the rest.
uint64_t StepKey(const RandomKey& key) {
  const PhiloxCounter mixed = Philox(
      {static_cast<uint32_t>(key.step), static_cast<uint32_t>(key.step >> 32), 0, 1}, key.seed);
  return uint64_t{mixed[0]} << 32 | mixed[1];
}

}  // namespace

template <typename T>
void Dropout(int64_t n, double p, const RandomKey& key, uint32_t site, const T* x, T* y) {
  const OpTimer timer("dropout", 1.0 * n, 2.0 * n * sizeof(T));
  const uint32_t threshold = static_cast<uint32_t>(std::lround(p * 0x1p16));
  const Chance chance{StepKey(key), site, key.micro_batch, threshold};
  const Wide<T> scale = static_cast<Wide<T>>(0x1p16 / (0x1p16 - threshold));
  ParallelForElements(n,
                      [&](int64_t begin, int64_t end) { Drop(chance, begin, end, scale, x, y); });
}

template void Dropout(int64_t, double, const RandomKey&, uint32_t, const float*, float*);
template void Dropout(int64_t, double, const RandomKey&, uint32_t, const double*, double*);
template void Dropout(int64_t, double, const RandomKey&, uint32_t, const Bfloat16*, Bfloat16*);

}  // namespace ropewalk
