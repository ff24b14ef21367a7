#include "worker/ops/few_rows_dots.h"

#include <algorithm>

#include "worker/ops/lanes.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Sums of a dot product that run side by side, so that additions need not wait for each other.
constexpr int64_t kSums = 4;
constexpr int64_t kStep = kSums * kVecSize;
// Rows of W that are multiplied with a row of x at a time, which is read less often so. Two rows of
// each were slower on Zen 4.
constexpr int64_t kOutputs = 4;

typedef uint32_t Words __attribute__((vector_size(kVecSize * 4), aligned(2), may_alias));

// The kSums vectors of a step of a row of W. Those of halves are the even ones of 16 and then the
// odd ones, which is how they come apart in two instructions; see Arrange.
ROPEWALK_INLINE void ReadStep(const float* w, Vec<float>* values) {
  for (int64_t s = 0; s < kSums; ++s) values[s] = Load(w + s * kVecSize);
}
ROPEWALK_INLINE void ReadStep(const Bfloat16* w, Vec<float>* values) {
  for (int64_t s = 0; s < kSums; s += 2) {
    const Words pairs = *reinterpret_cast<const Words*>(w + s * kVecSize);
    values[s] = reinterpret_cast<Vec<float>>(pairs << 16);
    values[s + 1] = reinterpret_cast<Vec<float>>(pairs & 0xffff0000u);
  }
}

// to [count] = from, the even ones of each 16 before its odd ones.
ROPEWALK_SIMD void Arrange(int64_t count, const float* from, float* to) {
  for (int64_t i = 0; i < count; i += 2 * kVecSize) {
    for (int64_t l = 0; l < kVecSize; ++l) {
      to[i + l] = from[i + 2 * l];
      to[i + kVecSize + l] = from[i + 2 * l + 1];
    }
  }
}

ROPEWALK_INLINE float Total(const Vec<float>* sums) {
  Vec<float> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  sum += __builtin_shufflevector(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3);
  sum += __builtin_shufflevector(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5);
  sum += __builtin_shufflevector(sum, sum, 1, 0, 3, 2, 5, 4, 7, 6);
  return sum[0];
}

// dots[i] = the first `depth` terms, whole steps, of row i of W times a row of x. Rows are `stride`
// apart.
template <int64_t kW, typename W>
ROPEWALK_INLINE void Dots(int64_t depth, const W* w, int64_t stride, const float* x, float* dots) {
  Vec<float> sums[kW][kSums] = {};
  for (int64_t k = 0; k < depth; k += kStep) {
    for (int64_t i = 0; i < kW; ++i) {
      Vec<float> values[kSums];
      ReadStep(w + i * stride + k, values);
      for (int64_t s = 0; s < kSums; ++s) sums[i][s] += values[s] * Load(x + k + s * kVecSize);
    }
  }
  for (int64_t i = 0; i < kW; ++i) dots[i] = Total(sums[i]);
}

ROPEWALK_INLINE float Widened(float w) { return w; }
ROPEWALK_INLINE float Widened(Bfloat16 w) { return FromBfloat16(w); }

template <typename W>
struct Product {
  int64_t rows, outputs, depth;
  const float* x;         // [rows, depth]
  const float* arranged;  // the same as W's steps have it
  bool accumulate;
  float* y;  // [rows, outputs]

  // Outputs [output, output + kW) of all rows, whose rows of W begin at `w`.
  template <int64_t kW>
  ROPEWALK_INLINE void Compute(int64_t output, const W* w) const {
    const int64_t whole = depth / kStep * kStep;
    for (int64_t row = 0; row < rows; ++row) {
      float dots[kW];
      Dots<kW>(whole, w, depth, arranged + row * depth, dots);
      for (int64_t i = 0; i < kW; ++i) {
        for (int64_t k = whole; k < depth; ++k) {
          dots[i] += Widened(w[i * depth + k]) * x[row * depth + k];
        }
        float* const to = y + row * outputs + output + i;
        *to = accumulate ? *to + dots[i] : dots[i];
      }
    }
  }
};

ROPEWALK_SIMD void ComputeHalves(const Product<Bfloat16>& product, int64_t begin, int64_t end,
                                 const Bfloat16* w) {
  int64_t i = begin;
  for (; i + kOutputs <= end; i += kOutputs) product.Compute<kOutputs>(i, w + i * product.depth);
  for (; i < end; ++i) product.Compute<1>(i, w + i * product.depth);
}

ROPEWALK_SIMD void ComputeFloats(const Product<float>& product, int64_t output, const float* w) {
  product.Compute<1>(output, w);
}

}  // namespace

void FewRowsDots(const StoredMatrix& w, int64_t rows, const float* x, float* y, bool accumulate) {
  const int64_t outputs = w.rows(), depth = w.columns();
  if (w.AsBfloat16() == nullptr) {
    const Product<float> product = {rows, outputs, depth, x, x, accumulate, y};
    return ParallelForRows(outputs, depth, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* const row = w.AsFloat() == nullptr ? ReadPart(w, i, 1, 0, depth) : w.AsFloat();
        ComputeFloats(product, i, w.AsFloat() == nullptr ? row : row + i * depth);
      }
    });
  }
  static thread_local Scratch<float> scratch;
  float* const arranged = scratch.Get(rows * depth);
  for (int64_t r = 0; r < rows; ++r) {
    Arrange(depth / kStep * kStep, x + r * depth, arranged + r * depth);
  }
  const Product<Bfloat16> product = {rows, outputs, depth, x, arranged, accumulate, y};
  ParallelForRows(outputs, depth, [&](int64_t begin, int64_t end) {
    ComputeHalves(product, begin, end, w.AsBfloat16());
  });
}

}  // namespace ropewalk
