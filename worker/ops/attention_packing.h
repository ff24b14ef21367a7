#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"
#include "worker/ops/panels.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// How attention by tiles lays out one document under one head. Rows, columns and depths are padded
// with zeros to kTile; `planes` are those of panels.h.

template <typename T>
inline constexpr int kPlanesOf = kMaxPlanes;
template <>
inline constexpr int kPlanesOf<Bfloat16> = 1;

// One document.
struct DocumentShape {
  int64_t length;
  int64_t dim;
  int64_t window;  // at least 1

  DocumentShape(const AttentionShape& shape, int64_t length)
      : length(length),
        dim(shape.head_dim),
        window(shape.window > 0 ? std::min(shape.window, length) : length) {}

  int64_t rows() const { return RoundUpToTile(length); }
  int64_t depth() const { return RoundUpToTile(dim); }
  int64_t dim_tiles() const { return depth() / kTile; }

  // The first tile of keys of which one is seen by a query of the tile at `query`; the last one is
  // the tile at `query`.
  int64_t FirstSeenTile(int64_t query) const {
    return std::max<int64_t>(0, query + 1 - window) / kTile * kTile;
  }
  // Whether a query of the tile at `query` does not see a key of that at `key`.
  bool HidesSome(int64_t query, int64_t key) const {
    return key == query || key + window < query + kTile;
  }
};

// Makes the scores [key, query] of the keys that a query does not see so low that their
// exponentials are 0.
inline constexpr float kHiddenScore = -1e30f;
void HideScores(const DocumentShape& shape, int64_t query, int64_t key, float* scores);

// Part of a left factor: rows of bfloat16 numbers, planes of them `plane` elements apart.
struct LeftPlanes {
  const Bfloat16* a;
  int64_t stride;
  int64_t plane;
};

// The same of a right factor, as panels.h has it.
struct RightPlanes {
  const Bfloat16* panel;
  int64_t plane;

  RightPlanes From(int64_t row) const { return {panel + row * kTile, plane}; }
};

// One block of a product, to be written a term at a time.
class BlockTerms {
 public:
  explicit BlockTerms(int planes) : planes_(planes) {}

  // Adds left * right, `depth` long. At most kMost times.
  static constexpr int kMost = 8;
  void Add(int64_t depth, const LeftPlanes& left, const RightPlanes& right);

  absl::Span<const TileTerm> terms() const { return {terms_, count_}; }

 private:
  const int planes_;
  size_t count_ = 0;
  TileTerm terms_[kMost * kMaxPlanes * (kMaxPlanes + 1) / 2];
};

// Panels.h, with a number of planes for either type: always 1 for Bfloat16.
inline void PackColumns(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                        Bfloat16* panel) {
  PackPanels(depth, columns, w, stride, panel);
}
inline void PackColumns(int64_t depth, int64_t columns, const float* w, int64_t stride,
                        Bfloat16* panel) {
  PackPanels(depth, columns, w, stride, kMaxPlanes, panel);
}
inline void PackRowsAsColumns(int64_t depth, int64_t columns, const Bfloat16* w, int64_t stride,
                              Bfloat16* panel) {
  PackPanelsOfRows(depth, columns, w, stride, panel);
}
inline void PackRowsAsColumns(int64_t depth, int64_t columns, const float* w, int64_t stride,
                              Bfloat16* panel) {
  PackPanelsOfRows(depth, columns, w, stride, kMaxPlanes, panel);
}

// x [length, dim] as a left factor.
template <typename T>
class LeftRows {
 public:
  static int64_t Size(const DocumentShape& shape) {
    return kPlanesOf<T> * shape.rows() * shape.depth();
  }
  LeftRows(const DocumentShape& shape, const T* x, int64_t stride, Bfloat16* memory);

  LeftPlanes From(int64_t row) const { return {rows_ + row * depth_, depth_, plane_}; }

 private:
  const Bfloat16* const rows_;
  const int64_t depth_, plane_;
};

// The transpose of x [length, dim] as a left factor: kTile rows of it for each tile of dim.
template <typename T>
class LeftColumns {
 public:
  static int64_t Size(const DocumentShape& shape) {
    return kPlanesOf<T> * shape.depth() * ((shape.rows() + kChunk - 1) / kChunk * kChunk);
  }
  LeftColumns(const DocumentShape& shape, const T* x, int64_t stride, Bfloat16* memory);

  // Adds the product of the columns [begin, end) of a tile of rows and the panel's first rows.
  void AddTerms(int64_t tile, int64_t begin, int64_t end, const RightPlanes& panel,
                BlockTerms* terms) const;

 private:
  // Columns that are stored together: those of a tile of rows are [kTile, kChunk].
  static constexpr int64_t kChunk = 2 * kTile;
  static constexpr int64_t kPlane = kTile * kChunk;

  Bfloat16* Chunk(int64_t chunk, int64_t tile) const {
    return chunks_ + (chunk * tiles_ + tile) * kPlanesOf<T> * kPlane;
  }

  Bfloat16* const chunks_;
  const int64_t tiles_;
};

// y [kTile, kTile] = the transpose of x.
void TransposeTile(const float* x, float* y);

// out [rows, columns] = factors[row] * x^T, where x is [columns, kTile] padded to tiles.
template <typename T>
void StoreTransposed(int64_t rows, int64_t columns, const float* x, const float* factors, T* out,
                     int64_t stride);

// out [rows, columns] = factor * x, whose rows are x_stride apart. x may be out.
template <typename T>
void StoreScaled(int64_t rows, int64_t columns, float factor, const float* x, int64_t x_stride,
                 T* out, int64_t stride);

// dots [rows] = the sums of the products of the rows of a and b [rows, columns].
void RowDots(int64_t rows, int64_t columns, const float* a, const float* b, int64_t stride,
             float* dots);
void RowDots(int64_t rows, int64_t columns, const Bfloat16* a, const Bfloat16* b, int64_t stride,
             float* dots);

// Asks for memory that is needed soon: for x [count] in the first cache, for part `part` of `parts`
// of the rows of x [rows, columns] in the second one.
inline void PrefetchNear(int64_t count, const Bfloat16* x) {
  for (int64_t i = 0; i < count; i += 32) __builtin_prefetch(x + i, 0, 3);
}
template <typename T>
inline void PrefetchRows(int64_t rows, int64_t columns, const T* x, int64_t stride, int64_t part,
                         int64_t parts) {
  for (int64_t i = rows * part / parts; i < rows * (part + 1) / parts; ++i) {
    for (int64_t d = 0; d < columns; d += 64 / sizeof(T)) {
      __builtin_prefetch(x + i * stride + d, 0, 2);
    }
  }
}

// What natural logarithms are multiplied by to become those to the base 2.
inline constexpr double kLog2E = 1.4426950408889634;

}  // namespace ropewalk
