#pragma once

#include <cstdint>
#include <utility>

#include "worker/ops/lanes.h"

namespace ropewalk {

// Dot products of one row with kLanes others at a time: the same bits as kLanes calls of Dot, but
// the lanes of all of them are added together.

typedef float LaneVec __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

// One step of SumLanes on pairs of vectors: of sums[2 i] and sums[2 i + 1] the lanes that are
// kWidth apart are added, and what is left of both becomes sums[i].
template <int kWidth, int... kLane>
ROPEWALK_INLINE void FoldLanes(int pairs, LaneVec* sums, std::integer_sequence<int, kLane...>) {
  for (int i = 0; i < pairs; ++i) {
    const LaneVec a = sums[2 * i], b = sums[2 * i + 1];
    sums[i] =
        __builtin_shufflevector(a, b, ((kLane / kWidth * 2 * kWidth) + kLane % kWidth)...) +
        __builtin_shufflevector(a, b, ((kLane / kWidth * 2 * kWidth) + kLane % kWidth + kWidth)...);
  }
}

// out [kLanes] = x [n] times rows of n, `stride` apart. REQUIRES: n is a multiple of kLanes.
ROPEWALK_INLINE void DotRows(int64_t n, const float* x, const float* rows, int64_t stride,
                             float* out) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>();
  LaneVec sums[kLanes] = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    const LaneVec part = *reinterpret_cast<const LaneVec*>(x + i);
    for (int r = 0; r < kLanes; ++r) {
      sums[r] += part * *reinterpret_cast<const LaneVec*>(rows + r * stride + i);
    }
  }
  FoldLanes<8>(8, sums, kAll);
  FoldLanes<4>(4, sums, kAll);
  FoldLanes<2>(2, sums, kAll);
  FoldLanes<1>(1, sums, kAll);
  *reinterpret_cast<LaneVec*>(out) = sums[0];
}

}  // namespace ropewalk
