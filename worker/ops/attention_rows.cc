#include "worker/ops/attention_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "worker/ops/lanes.h"
#include "worker/ops/scratch.h"
#include "worker/ops/weighted_rows.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// One document under one key head. Rows of q are q_stride apart, rows of k and v kv_stride.
struct Slice {
  int64_t length;
  int64_t dim;
  int64_t group;  // query heads of this key head, side by side
  int64_t q_stride;
  int64_t kv_stride;
  int64_t log_stride;
  int64_t window;  // at least 1
  double scale;
  const double* q;
  const double* k;
  const double* v;
};

// The first key that query i sees.
ROPEWALK_INLINE int64_t FirstKey(const Slice& s, int64_t i) {
  return std::max<int64_t>(0, i + 1 - s.window);
}

// Keys are laid out in tiles of so many, each [dim, kTile]: a row of scores is then computed many
// keys at a time.
constexpr int64_t kTile = 4 * kVecSize;

int64_t RoundUpToTile(int64_t length) { return (length + kTile - 1) / kTile * kTile; }

// tiles [tiles, dim, kTile] = x [length, dim], whose rows are `stride` apart; zeros after its end.
ROPEWALK_INLINE void FillTiles(int64_t length, int64_t dim, int64_t stride, const double* x,
                               double* tiles) {
  for (int64_t first = 0; first < length; first += kTile, tiles += dim * kTile) {
    const int64_t count = std::min(kTile, length - first);
    if (count < kTile) std::fill_n(tiles, dim * kTile, 0.0);
    for (int64_t j = 0; j < count; ++j) {
      for (int64_t d = 0; d < dim; ++d) tiles[d * kTile + j] = x[(first + j) * stride + d];
    }
  }
}

// products[j] = x . row j for the rows in the tiles that hold rows [begin, end).
ROPEWALK_INLINE void Products(int64_t begin, int64_t end, int64_t dim, const double* x,
                              const double* tiles, double* products) {
  const int64_t tile = begin / kTile;
  tiles += tile * dim * kTile;
  for (int64_t first = tile * kTile; first < end; first += kTile, tiles += dim * kTile) {
    Vec<double> sums[4] = {};
    for (int64_t d = 0; d < dim; ++d) {
      for (int c = 0; c < 4; ++c) sums[c] += x[d] * Load(tiles + d * kTile + c * kVecSize);
    }
    for (int c = 0; c < 4; ++c) Store(sums[c], products + first + c * kVecSize);
  }
}

// Row j of y += weights[j] * x [dim], for n rows that are `stride` apart.
ROPEWALK_INLINE void AddOuterProduct(int64_t n, int64_t dim, int64_t stride, const double* weights,
                                     const double* x, double* y) {
  for (int64_t j = 0; j < n; ++j) AddRow(dim, weights[j], x, y + j * stride);
}

ROPEWALK_INLINE void Forward(const Slice& s, double* out, double* log_sum, double* scratch) {
  double* const keys = scratch;
  double* const p = scratch + RoundUpToTile(s.length) * s.dim;
  FillTiles(s.length, s.dim, s.kv_stride, s.k, keys);
  for (int64_t i = 0; i < s.length; ++i) {
    const int64_t first = FirstKey(s, i), n = i + 1 - first;
    double* const seen = p + first;
    for (int64_t h = 0; h < s.group; ++h) {
      const int64_t at = i * s.q_stride + h * s.dim;
      Products(first, i + 1, s.dim, s.q + at, keys, p);
      const double max = s.scale * Max(n, seen);
      Exponentials(n, s.scale, max, seen);
      const double sum = Sum<double>(n, [=](int64_t j) { return seen[j]; });
      WeightedRows(n, s.dim, s.kv_stride, seen, s.v + first * s.kv_stride, out + at);
      ScaleRow(s.dim, 1.0 / sum, out + at);
      log_sum[i * s.log_stride + h] = max + std::log(sum);
    }
  }
}

// What BackwardRow writes for one query and one head.
struct RowGradients {
  double* dq;  // [dim]
  double* dk;  // of the document's keys, added to
  double* dv;
};

ROPEWALK_INLINE void BackwardRow(const Slice& s, int64_t i, const double* q, const double* out,
                                 double log_sum, const double* dout, const double* keys,
                                 const double* values, double* p, double* ds,
                                 const RowGradients& gradients) {
  const double own = Dot(s.dim, dout, out);
  const int64_t first = FirstKey(s, i), n = i + 1 - first, at = first * s.kv_stride;
  Products(first, i + 1, s.dim, q, keys, p);
  Products(first, i + 1, s.dim, dout, values, ds);
  p += first;
  ds += first;
  Exponentials(n, s.scale, log_sum, p);
  for (int64_t j = 0; j < n; ++j) ds[j] = p[j] * (ds[j] - own) * s.scale;
  WeightedRows(n, s.dim, s.kv_stride, ds, s.k + at, gradients.dq);
  AddOuterProduct(n, s.dim, s.kv_stride, ds, q, gradients.dk + at);
  AddOuterProduct(n, s.dim, s.kv_stride, p, dout, gradients.dv + at);
}

ROPEWALK_INLINE void Backward(const Slice& s, const double* out, const double* log_sum,
                              const double* dout, double* dq, double* dk, double* dv,
                              double* scratch) {
  const int64_t padded = RoundUpToTile(s.length);
  double* const keys = scratch;
  double* const values = keys + padded * s.dim;
  double* const p = values + padded * s.dim;
  double* const ds = p + padded;
  FillTiles(s.length, s.dim, s.kv_stride, s.k, keys);
  FillTiles(s.length, s.dim, s.kv_stride, s.v, values);
  for (int64_t j = 0; j < s.length; ++j) {
    std::fill_n(dk + j * s.kv_stride, s.dim, 0.0);
    std::fill_n(dv + j * s.kv_stride, s.dim, 0.0);
  }
  for (int64_t i = 0; i < s.length; ++i) {
    for (int64_t h = 0; h < s.group; ++h) {
      const int64_t at = i * s.q_stride + h * s.dim;
      BackwardRow(s, i, s.q + at, out + at, log_sum[i * s.log_stride + h], dout + at, keys, values,
                  p, ds, {dq + at, dk, dv});
    }
  }
}

Slice SliceOf(const AttentionShape& shape, int64_t length, int64_t row, int64_t kv_head,
              const double* q, const double* k, const double* v) {
  const int64_t group = shape.heads / shape.kv_heads;
  const int64_t q_stride = shape.heads * shape.head_dim,
                kv_stride = shape.kv_heads * shape.head_dim;
  return Slice{length,
               shape.head_dim,
               group,
               q_stride,
               kv_stride,
               shape.heads,
               shape.window > 0 ? shape.window : std::numeric_limits<int64_t>::max(),
               shape.scale,
               q + row * q_stride + kv_head * group * shape.head_dim,
               k + row * kv_stride + kv_head * shape.head_dim,
               v + row * kv_stride + kv_head * shape.head_dim};
}

// f(first row, length, key head) for every document and key head.
template <typename F>
void ForEachSlice(const AttentionShape& shape, absl::Span<const int32_t> document_starts, F f) {
  const int64_t documents = static_cast<int64_t>(document_starts.size()) - 1;
  ParallelForEach(documents * shape.kv_heads, [&](int64_t unit) {
    const int64_t document = unit / shape.kv_heads;
    const int64_t row = document_starts[document];
    f(row, document_starts[document + 1] - row, unit % shape.kv_heads);
  });
}

}  // namespace

void RowAttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                         const double* q, const double* k, const double* v, double* out,
                         double* log_sum) {
  ForEachSlice(shape, document_starts, [&](int64_t row, int64_t length, int64_t kv_head) {
    static thread_local Scratch<double> scratch;
    const Slice slice = SliceOf(shape, length, row, kv_head, q, k, v);
    Forward(slice, out + (slice.q - q), log_sum + row * shape.heads + kv_head * slice.group,
            scratch.Get(RoundUpToTile(length) * (shape.head_dim + 1)));
  });
}

void RowAttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                          const double* q, const double* k, const double* v, const double* out,
                          const double* log_sum, const double* dout, double* dq, double* dk,
                          double* dv) {
  ForEachSlice(shape, document_starts, [&](int64_t row, int64_t length, int64_t kv_head) {
    static thread_local Scratch<double> scratch;
    const Slice slice = SliceOf(shape, length, row, kv_head, q, k, v);
    const int64_t at = slice.q - q, kv_at = slice.k - k;
    Backward(slice, out + at, log_sum + row * shape.heads + kv_head * slice.group, dout + at,
             dq + at, dk + kv_at, dv + kv_at,
             scratch.Get(2 * RoundUpToTile(length) * (shape.head_dim + 1)));
  });
}

}  // namespace ropewalk
