#include "worker/ops/attention.h"

#include <algorithm>
#include <cmath>

#include "worker/ops/lanes.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// One document under one key head. Rows of q are q_stride apart, rows of k and v kv_stride.
template <typename T>
struct Slice {
  int64_t length;
  int64_t dim;
  int64_t group;  // query heads of this key head, side by side
  int64_t q_stride;
  int64_t kv_stride;
  int64_t log_stride;
  T scale;
  const T* q;
  const T* k;
  const T* v;
};

// Memory of a thread that is kept from call to call.
template <typename T>
T* Scratch(size_t count) {
  thread_local std::vector<T> memory;
  if (memory.size() < count) memory.resize(count);
  return memory.data();
}

template <typename T>
ROPEWALK_INLINE void TransposeRows(int64_t rows, int64_t dim, int64_t stride, const T* x, T* y) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t d = 0; d < dim; ++d) y[d * rows + r] = x[r * stride + d];
  }
}

// products[j] = scale * sum_d x[d] * columns[d, j] for j in [0, n), where columns has `rows`
// columns.
template <typename T>
ROPEWALK_INLINE void Products(int64_t n, int64_t rows, int64_t dim, T scale, const T* x,
                              const T* columns, T* products) {
  for (int64_t j = 0; j < n; ++j) products[j] = 0;
  for (int64_t d = 0; d < dim; ++d) AddScaled(n, scale * x[d], columns + d * rows, products);
}

template <typename T>
ROPEWALK_INLINE void ForwardLoop(const Slice<T>& s, T* out, T* log_sum, T* scratch) {
  T* const k_columns = scratch;
  T* const p = scratch + s.length * s.dim;
  TransposeRows(s.length, s.dim, s.kv_stride, s.k, k_columns);
  for (int64_t i = 0; i < s.length; ++i) {
    for (int64_t h = 0; h < s.group; ++h) {
      Products(i + 1, s.length, s.dim, s.scale, s.q + i * s.q_stride + h * s.dim, k_columns, p);
      const T max = Max(i + 1, p);
      for (int64_t j = 0; j <= i; ++j) p[j] = Exp(p[j] - max);
      const T sum = Sum<T>(i + 1, [=](int64_t j) { return p[j]; });
      T* const o = out + i * s.q_stride + h * s.dim;
      for (int64_t d = 0; d < s.dim; ++d) o[d] = 0;
      for (int64_t j = 0; j <= i; ++j) AddScaled(s.dim, p[j], s.v + j * s.kv_stride, o);
      for (int64_t d = 0; d < s.dim; ++d) o[d] /= sum;
      log_sum[i * s.log_stride + h] = max + std::log(sum);
    }
  }
}

template <typename T>
ROPEWALK_INLINE void BackwardLoop(const Slice<T>& s, const T* out, const T* log_sum, const T* dout,
                                  T* dq, T* dk, T* dv, T* scratch) {
  T* const k_columns = scratch;
  T* const v_columns = k_columns + s.length * s.dim;
  T* const p = v_columns + s.length * s.dim;
  T* const ds = p + s.length;
  TransposeRows(s.length, s.dim, s.kv_stride, s.k, k_columns);
  TransposeRows(s.length, s.dim, s.kv_stride, s.v, v_columns);
  for (int64_t j = 0; j < s.length; ++j) {
    for (int64_t d = 0; d < s.dim; ++d) dk[j * s.kv_stride + d] = dv[j * s.kv_stride + d] = 0;
  }
  for (int64_t i = 0; i < s.length; ++i) {
    for (int64_t h = 0; h < s.group; ++h) {
      const int64_t at = i * s.q_stride + h * s.dim;
      const T log = log_sum[i * s.log_stride + h];
      const T own = Dot(s.dim, dout + at, out + at);
      Products(i + 1, s.length, s.dim, s.scale, s.q + at, k_columns, p);
      Products(i + 1, s.length, s.dim, T{1}, dout + at, v_columns, ds);
      for (int64_t j = 0; j <= i; ++j) {
        p[j] = Exp(p[j] - log);
        ds[j] = p[j] * (ds[j] - own) * s.scale;
      }
      for (int64_t d = 0; d < s.dim; ++d) dq[at + d] = 0;
      for (int64_t j = 0; j <= i; ++j) {
        AddScaled(s.dim, ds[j], s.k + j * s.kv_stride, dq + at);
        AddScaled(s.dim, ds[j], s.q + at, dk + j * s.kv_stride);
        AddScaled(s.dim, p[j], dout + at, dv + j * s.kv_stride);
      }
    }
  }
}

template <typename T>
ROPEWALK_INLINE void DecodeLoop(const Slice<T>& s, T* out, T* p) {
  for (int64_t h = 0; h < s.group; ++h) {
    for (int64_t j = 0; j < s.length; ++j)
      p[j] = s.scale * Dot(s.dim, s.q + h * s.dim, s.k + j * s.kv_stride);
    const T max = Max(s.length, p);
    for (int64_t j = 0; j < s.length; ++j) p[j] = Exp(p[j] - max);
    const T sum = Sum<T>(s.length, [=](int64_t j) { return p[j]; });
    T* const o = out + h * s.dim;
    for (int64_t d = 0; d < s.dim; ++d) o[d] = 0;
    for (int64_t j = 0; j < s.length; ++j) AddScaled(s.dim, p[j] / sum, s.v + j * s.kv_stride, o);
  }
}

ROPEWALK_SIMD void Forward(const Slice<float>& s, float* out, float* log_sum, float* scratch) {
  ForwardLoop(s, out, log_sum, scratch);
}
void Forward(const Slice<double>& s, double* out, double* log_sum, double* scratch) {
  ForwardLoop(s, out, log_sum, scratch);
}
ROPEWALK_SIMD void Backward(const Slice<float>& s, const float* out, const float* log_sum,
                            const float* dout, float* dq, float* dk, float* dv, float* scratch) {
  BackwardLoop(s, out, log_sum, dout, dq, dk, dv, scratch);
}
void Backward(const Slice<double>& s, const double* out, const double* log_sum, const double* dout,
              double* dq, double* dk, double* dv, double* scratch) {
  BackwardLoop(s, out, log_sum, dout, dq, dk, dv, scratch);
}
ROPEWALK_SIMD void Decode(const Slice<float>& s, float* out, float* scratch) {
  DecodeLoop(s, out, scratch);
}
void Decode(const Slice<double>& s, double* out, double* scratch) { DecodeLoop(s, out, scratch); }

template <typename T>
Slice<T> SliceOf(const AttentionShape& shape, int64_t length, int64_t row, int64_t kv_head,
                 const T* q, const T* k, const T* v) {
  const int64_t group = shape.heads / shape.kv_heads;
  const int64_t q_stride = shape.heads * shape.head_dim,
                kv_stride = shape.kv_heads * shape.head_dim;
  return Slice<T>{length,
                  shape.head_dim,
                  group,
                  q_stride,
                  kv_stride,
                  shape.heads,
                  static_cast<T>(shape.scale),
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

template <typename T>
void AttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                      const T* q, const T* k, const T* v, T* out, T* log_sum) {
  ForEachSlice(shape, document_starts, [&](int64_t row, int64_t length, int64_t kv_head) {
    const Slice<T> slice = SliceOf(shape, length, row, kv_head, q, k, v);
    Forward(slice, out + (slice.q - q), log_sum + row * shape.heads + kv_head * slice.group,
            Scratch<T>(length * (shape.head_dim + 1)));
  });
}

template <typename T>
void AttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                       const T* q, const T* k, const T* v, const T* out, const T* log_sum,
                       const T* dout, T* dq, T* dk, T* dv) {
  ForEachSlice(shape, document_starts, [&](int64_t row, int64_t length, int64_t kv_head) {
    const Slice<T> slice = SliceOf(shape, length, row, kv_head, q, k, v);
    const int64_t at = slice.q - q, kv_at = slice.k - k;
    Backward(slice, out + at, log_sum + row * shape.heads + kv_head * slice.group, dout + at,
             dq + at, dk + kv_at, dv + kv_at, Scratch<T>(2 * length * (shape.head_dim + 1)));
  });
}

template <typename T>
void AttentionDecode(const AttentionShape& shape, absl::Span<const int64_t> lengths, const T* q,
                     absl::Span<const T* const> keys, absl::Span<const T* const> values, T* out) {
  ParallelForEach(static_cast<int64_t>(lengths.size()) * shape.kv_heads, [&](int64_t unit) {
    const int64_t s = unit / shape.kv_heads, kv_head = unit % shape.kv_heads;
    Slice<T> slice = SliceOf(shape, lengths[s], 0, kv_head, q, keys[s], values[s]);
    const int64_t offset = s * slice.q_stride;
    slice.q += offset;
    Decode(slice, out + (slice.q - q), Scratch<T>(lengths[s]));
  });
}

template void AttentionForward(const AttentionShape&, absl::Span<const int32_t>, const float*,
                               const float*, const float*, float*, float*);
template void AttentionForward(const AttentionShape&, absl::Span<const int32_t>, const double*,
                               const double*, const double*, double*, double*);
template void AttentionBackward(const AttentionShape&, absl::Span<const int32_t>, const float*,
                                const float*, const float*, const float*, const float*,
                                const float*, float*, float*, float*);
template void AttentionBackward(const AttentionShape&, absl::Span<const int32_t>, const double*,
                                const double*, const double*, const double*, const double*,
                                const double*, double*, double*, double*);
template void AttentionDecode(const AttentionShape&, absl::Span<const int64_t>, const float*,
                              absl::Span<const float* const>, absl::Span<const float* const>,
                              float*);
template void AttentionDecode(const AttentionShape&, absl::Span<const int64_t>, const double*,
                              absl::Span<const double* const>, absl::Span<const double* const>,
                              double*);

}  // namespace ropewalk
