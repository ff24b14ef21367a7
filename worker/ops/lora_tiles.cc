#include "worker/ops/lora_tiles.h"

#include <algorithm>
#include <type_traits>

#include "worker/ops/scratch.h"
#include "worker/ops/transposed_product.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

ROPEWALK_SIMD void ScaleRow(int64_t n, float factor, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

// u = factor x W, x [rows, depth] and W's panels by `pack`.
template <typename T>
void Project(int64_t depth, double factor, const T* x, PackColumns pack, const LowRankRows& u) {
  PanelProduct<T>({u.rows, u.rank, depth}, {x, depth, u.planes}, u.planes, pack,
                  [&](const ProductBlock& block) {
                    for (int64_t i = 0; i < block.rows; ++i) {
                      float row[kTile] = {};
                      ScaleRow(block.columns, factor, block.values + i * kTile, row);
                      SplitPlanes(kTile, row, u.planes, u.plane(),
                                  u.values + (block.row + i) * u.stride() + block.column);
                    }
                  });
}

// f(column, panel) for every panel of a term.
template <typename F>
void PackTerm(int64_t columns, int64_t rank, int planes, Bfloat16* panels, F f) {
  ParallelFor((columns + kTile - 1) / kTile, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) f(p * kTile, panels + p * PanelSize(rank, planes));
  });
}

// The numbers whose planes u has, without gaps, good until this thread's next call.
const float* Joined(const LowRankRows& u) {
  static thread_local Scratch<float> scratch;
  float* const out = scratch.Get(u.rows * u.rank);
  for (int64_t i = 0; i < u.rows; ++i) {
    for (int64_t j = 0; j < u.rank; ++j) {
      float sum = 0;
      for (int p = u.planes - 1; p >= 0; --p) {
        sum += FromBfloat16(u.values[p * u.plane() + i * u.stride() + j]);
      }
      out[i * u.rank + j] = sum;
    }
  }
  return out;
}

// u^T b, b [rows, columns].
template <typename T>
void TransposedLowRank(const LowRankRows& u, int64_t columns, const T* b, TakeBlock take) {
  if constexpr (std::is_same_v<T, float>) {
    TransposedProduct<T>(u.rows, u.rank, columns, Joined(u), u.rank, b, columns, u.planes, take);
  } else {
    TransposedProduct<T>(u.rows, u.rank, columns, u.values, u.stride(), b, columns, 1, take);
  }
}

}  // namespace

int64_t TermPanelsSize(int64_t columns, int64_t rank, int planes) {
  return (columns + kTile - 1) / kTile * PanelSize(rank, planes);
}

template <typename T>
LowRankTerm LoraForwardTerm(const LoraShape& shape, const T* x, const float* a, const float* b,
                            const LowRankRows& xa, Bfloat16* panels) {
  Project<T>(
      shape.in, shape.scale, x,
      [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
        PackPanelsOfRows(count, columns, a + column * shape.in + first, shape.in, xa.planes,
                         panels);
      },
      xa);
  PackTerm(shape.out, shape.rank, xa.planes, panels, [&](int64_t column, Bfloat16* panel) {
    PackPanelsOfRows(shape.rank, std::min(kTile, shape.out - column), b + column * shape.rank,
                     shape.rank, xa.planes, panel);
  });
  return {xa, panels};
}

template <typename T>
LowRankTerm LoraBackwardTerm(const LoraShape& shape, const T* x, const LowRankRows& xa, const T* dy,
                             const float* a, const float* b, const LowRankRows& g, Bfloat16* panels,
                             float* da, float* db) {
  TransposedLowRank<T>(xa, shape.out, dy, [&](const ProductBlock& block) {
    for (int64_t j = 0; j < block.columns; ++j) {
      float* const row = db + (block.column + j) * shape.rank + block.row;
      for (int64_t i = 0; i < block.rows; ++i) row[i] += block.values[i * kTile + j];
    }
  });
  Project<T>(
      shape.out, shape.scale, dy,
      [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
        PackPanels(count, columns, b + first * shape.rank + column, shape.rank, g.planes, panels);
      },
      g);
  TransposedLowRank<T>(g, shape.in, x, [&](const ProductBlock& block) {
    for (int64_t i = 0; i < block.rows; ++i) {
      float* const row = da + (block.row + i) * shape.in + block.column;
      for (int64_t j = 0; j < block.columns; ++j) row[j] += block.values[i * kTile + j];
    }
  });
  PackTerm(shape.in, shape.rank, g.planes, panels, [&](int64_t column, Bfloat16* panel) {
    PackPanels(shape.rank, std::min(kTile, shape.in - column), a + column, shape.in, g.planes,
               panel);
  });
  return {g, panels};
}

#define ROPEWALK_INSTANTIATE(T)                                                                    \
  template LowRankTerm LoraForwardTerm(const LoraShape&, const T*, const float*, const float*,     \
                                       const LowRankRows&, Bfloat16*);                             \
  template LowRankTerm LoraBackwardTerm(const LoraShape&, const T*, const LowRankRows&, const T*,  \
                                        const float*, const float*, const LowRankRows&, Bfloat16*, \
                                        float*, float*)
ROPEWALK_INSTANTIATE(float);
ROPEWALK_INSTANTIATE(Bfloat16);
#undef ROPEWALK_INSTANTIATE

}  // namespace ropewalk
