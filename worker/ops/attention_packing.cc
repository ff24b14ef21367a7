#include "worker/ops/attention_packing.h"

#include <cstring>

#include "worker/ops/lanes.h"
#include "worker/ops/weighted_rows.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

void CopyRow(int64_t n, const Bfloat16* x, int64_t, Bfloat16* out) {
  std::memcpy(out, x, n * sizeof(Bfloat16));
}
void CopyRow(int64_t n, const float* x, int64_t plane, Bfloat16* out) {
  SplitPlanes(n, x, kMaxPlanes, plane, out);
}

// The usual number of columns is known to the compiler.
template <typename T>
ROPEWALK_INLINE void ScaleRow(int64_t n, float factor, const float* x, T* out) {
  if (n == kTile) {
    for (int64_t i = 0; i < kTile; ++i) out[i] = Narrow<T>(factor * x[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = Narrow<T>(factor * x[i]);
  }
}

// Rows of x are kTile apart.
template <typename T>
ROPEWALK_INLINE void ScaleRows(int64_t rows, int64_t columns, const float* factors, const float* x,
                               T* out, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
    ScaleRow(columns, factors[i], x + i * kTile, out + i * stride);
  }
}
ROPEWALK_SIMD void ScaleTile(int64_t rows, int64_t columns, const float* factors, const float* x,
                             float* out, int64_t stride) {
  ScaleRows(rows, columns, factors, x, out, stride);
}
ROPEWALK_SIMD void ScaleTile(int64_t rows, int64_t columns, const float* factors, const float* x,
                             Bfloat16* out, int64_t stride) {
  ScaleRows(rows, columns, factors, x, out, stride);
}

ROPEWALK_SIMD void ScaleTo(int64_t n, float factor, const float* x, float* out) {
  ScaleRow(n, factor, x, out);
}
ROPEWALK_SIMD void ScaleTo(int64_t n, float factor, const float* x, Bfloat16* out) {
  ScaleRow(n, factor, x, out);
}

template <typename T>
ROPEWALK_INLINE float RowDot(int64_t n, const T* a, const T* b) {
  Vec<float> even = {}, odd = {};
  int64_t i = 0;
  for (; i + 2 * kVecSize <= n; i += 2 * kVecSize) {
    even += LoadWide(a + i) * LoadWide(b + i);
    odd += LoadWide(a + i + kVecSize) * LoadWide(b + i + kVecSize);
  }
  even += odd;
  float sum =
      ((even[0] + even[4]) + (even[1] + even[5])) + ((even[2] + even[6]) + (even[3] + even[7]));
  for (; i < n; ++i) sum += Widen(a[i]) * Widen(b[i]);
  return sum;
}

}  // namespace

ROPEWALK_SIMD void HideScores(const DocumentShape& shape, int64_t query, int64_t key,
                              float* scores) {
  for (int64_t k = 0; k < kTile; ++k, scores += kTile) {
    const int64_t first = key + k - query, last = first + shape.window - 1;
    for (int64_t j = 0; j < kTile; ++j) {
      scores[j] = j < first || j > last ? kHiddenScore : scores[j];
    }
  }
}

// The small ones first.
void BlockTerms::Add(int64_t depth, const LeftPlanes& left, const RightPlanes& right) {
  for (int below = planes_ - 1; below >= 0; --below) {
    for (int p = below; p >= 0; --p) {
      terms_[count_++] = {depth, left.a + p * left.plane, left.stride,
                          right.panel + (below - p) * right.plane};
    }
  }
}

template <typename T>
LeftRows<T>::LeftRows(const DocumentShape& shape, const T* x, int64_t stride, Bfloat16* memory)
    : rows_(memory), depth_(shape.depth()), plane_(shape.rows() * shape.depth()) {
  for (int64_t i = 0; i < shape.length; ++i) {
    CopyRow(shape.dim, x + i * stride, plane_, memory + i * depth_);
  }
  for (int p = 0; p < kPlanesOf<T>; ++p, memory += plane_) {
    for (int64_t i = 0; shape.dim < depth_ && i < shape.length; ++i) {
      std::fill_n(memory + i * depth_ + shape.dim, depth_ - shape.dim, Bfloat16{0});
    }
    std::fill(memory + shape.length * depth_, memory + plane_, Bfloat16{0});
  }
}

// Packed as a panel, two columns of the transpose are pairs; the pairs' transpose is a panel of
// rows.
template <typename T>
LeftColumns<T>::LeftColumns(const DocumentShape& shape, const T* x, int64_t stride,
                            Bfloat16* memory)
    : chunks_(memory), tiles_(shape.dim_tiles()) {
  alignas(kCacheLine) Bfloat16 panel[kPlanesOf<T> * kPlane];
  for (int64_t row = 0; row < shape.length; row += kChunk) {
    const int64_t rows = std::min(kChunk, shape.length - row);
    if (rows <= kTile) std::fill_n(panel, kPlanesOf<T> * kPlane, Bfloat16{0});
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      PackColumns(rows, std::min(kTile, shape.dim - tile * kTile), x + row * stride + tile * kTile,
                  stride, panel);
      for (int p = 0; p < kPlanesOf<T>; ++p) {
        PackPanelsOfRows(kChunk, kTile, panel + p * PanelSize(rows, 1), 2 * kTile,
                         Chunk(row / kChunk, tile) + p * kPlane);
      }
    }
  }
}

template <typename T>
void LeftColumns<T>::AddTerms(int64_t tile, int64_t begin, int64_t end, const RightPlanes& panel,
                              BlockTerms* terms) const {
  for (int64_t at = begin; at < end;) {
    const int64_t next = std::min(end, at / kChunk * kChunk + kChunk);
    terms->Add(next - at, {Chunk(at / kChunk, tile) + at % kChunk, kChunk, kPlane},
               panel.From(at - begin));
    at = next;
  }
}

// A panel of rows is a transpose of pairs of bfloat16 numbers, which are as large as a float, and
// is copied without a look at them.
void TransposeTile(const float* x, float* y) {
  PackPanelsOfRows(2 * kTile, kTile, reinterpret_cast<const Bfloat16*>(x), 2 * kTile,
                   reinterpret_cast<Bfloat16*>(y));
}

template <typename T>
void StoreTransposed(int64_t rows, int64_t columns, const float* x, const float* factors, T* out,
                     int64_t stride) {
  alignas(kCacheLine) float tile[kTile * kTile];
  for (int64_t column = 0; column < columns; column += kTile) {
    TransposeTile(x + column * kTile, tile);
    ScaleTile(rows, std::min(kTile, columns - column), factors, tile, out + column, stride);
  }
}

template <typename T>
void StoreScaled(int64_t rows, int64_t columns, float factor, const float* x, int64_t x_stride,
                 T* out, int64_t stride) {
  for (int64_t i = 0; i < rows; ++i) {
    ScaleTo(columns, factor, x + i * x_stride, out + i * stride);
  }
}

ROPEWALK_SIMD void RowDots(int64_t rows, int64_t columns, const float* a, const float* b,
                           int64_t stride, float* dots) {
  for (int64_t i = 0; i < rows; ++i) dots[i] = RowDot(columns, a + i * stride, b + i * stride);
}
ROPEWALK_SIMD void RowDots(int64_t rows, int64_t columns, const Bfloat16* a, const Bfloat16* b,
                           int64_t stride, float* dots) {
  for (int64_t i = 0; i < rows; ++i) dots[i] = RowDot(columns, a + i * stride, b + i * stride);
}

template class LeftRows<float>;
template class LeftRows<Bfloat16>;
template class LeftColumns<float>;
template class LeftColumns<Bfloat16>;
template void StoreTransposed(int64_t, int64_t, const float*, const float*, float*, int64_t);
template void StoreTransposed(int64_t, int64_t, const float*, const float*, Bfloat16*, int64_t);
template void StoreScaled(int64_t, int64_t, float, const float*, int64_t, float*, int64_t);
template void StoreScaled(int64_t, int64_t, float, const float*, int64_t, Bfloat16*, int64_t);

}  // namespace ropewalk
