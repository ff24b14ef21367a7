#include "worker/ops/attention_blocks.h"

#include <algorithm>
#include <cmath>

#include "worker/ops/attention_packing.h"
#include "worker/ops/attention_parts.h"
#include "worker/ops/matmul_block.h"
#include "worker/ops/scratch.h"
#include "worker/ops/weighted_rows.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Queries in a block: enough that keys are read seldom, few enough that little is computed of keys
// that they do not see.
constexpr int64_t kBlock = 64;

// Keys [first, end), counted from the first that one of a block's queries sees.
struct Seen {
  int64_t first, end;
};

// Zeros around row's keys that are seen.
ROPEWALK_INLINE void ClearUnseen(const Seen& seen, int64_t count, float* row) {
  std::fill(row, row + seen.first, 0.0f);
  std::fill(row + seen.end, row + count, 0.0f);
}

// Turns a row of scores [count] into exponentials and returns 1 / their sum.
ROPEWALK_SIMD float SoftmaxRow(const Seen& seen, int64_t count, float scale, float* row,
                               float* log_sum) {
  const int64_t n = seen.end - seen.first;
  float* const p = row + seen.first;
  const float max = scale * Max(n, p);
  Exponentials(n, scale, max, p);
  const float sum = Sum<float>(n, [=](int64_t j) { return p[j]; });
  ClearUnseen(seen, count, row);
  *log_sum = max + std::log(sum);
  return 1.0f / sum;
}

// Turns a row of scores into probabilities, and of their gradients into those of scores.
ROPEWALK_SIMD void GradientRow(const Seen& seen, int64_t count, float scale, float log_sum,
                               float own, float* scores, float* gradients) {
  const int64_t n = seen.end - seen.first;
  float* const p = scores + seen.first;
  float* const ds = gradients + seen.first;
  Exponentials(n, scale, log_sum, p);
  ROPEWALK_ELEMENTWISE
  for (int64_t j = 0; j < n; ++j) ds[j] = p[j] * (ds[j] - own);
  ClearUnseen(seen, count, scores);
  ClearUnseen(seen, count, gradients);
}

// A row of scores of so many keys, whole cache lines.
int64_t RowSize(int64_t keys) { return RoundUpToTile(keys); }

// This thread's, for two blocks of scores of as many keys as a document has: what it once was, it
// stays, whichever queries a thread gets.
float* ScoreMemory(int64_t length) {
  static thread_local Scratch<float> scratch;
  return scratch.Get(2 * kBlock * RowSize(length));
}

// A document's keys and values under one key head.
class Keys {
 public:
  Keys(const AttentionShape& attention, int64_t length, const float* k, const float* v)
      : shape_(attention, length), k_(k), v_(v), stride_(attention.kv_heads * attention.head_dim) {}

  const DocumentShape& shape() const { return shape_; }
  int64_t stride() const { return stride_; }
  const float* k(int64_t key) const { return k_ + key * stride_; }
  const float* v(int64_t key) const { return v_ + key * stride_; }

  // The first key that query i sees; the last one is i.
  int64_t FirstSeen(int64_t i) const { return std::max<int64_t>(0, i + 1 - shape_.window); }

  // Of those from `first` on.
  Seen SeenBy(int64_t i, int64_t first) const { return {FirstSeen(i) - first, i + 1 - first}; }

 private:
  const DocumentShape shape_;
  const float *k_, *v_;
  const int64_t stride_;
};

class ForwardHead {
 public:
  static constexpr int64_t kQueries = kBlock;

  ForwardHead(const AttentionShape& attention, int64_t length, const float* k, const float* v)
      : attention_(attention),
        keys_(attention, length, k, v),
        q_stride_(attention.heads * attention.head_dim),
        p_(ScoreMemory(length)) {}

  void Run(int64_t query, const float* q, float* out, float* log_sum, const float*, const float*) {
    const int64_t rows = std::min(kBlock, keys_.shape().length - query), dim = keys_.shape().dim;
    const int64_t first = keys_.FirstSeen(query), count = query + rows - first;
    const int64_t stride = RowSize(count);
    MatMulBlock(rows, count, dim, q, q_stride_, Transpose::kNo, keys_.k(first), keys_.stride(),
                Transpose::kYes, 0, p_, stride);
    float factors[kBlock];
    for (int64_t i = 0; i < rows; ++i) {
      factors[i] =
          SoftmaxRow(keys_.SeenBy(query + i, first), count, static_cast<float>(attention_.scale),
                     p_ + i * stride, log_sum + i * attention_.heads);
    }
    MatMulBlock(rows, dim, count, p_, stride, Transpose::kNo, keys_.v(first), keys_.stride(),
                Transpose::kNo, 0, out, q_stride_);
    for (int64_t i = 0; i < rows; ++i) {
      float* const row = out + i * q_stride_;
      StoreScaled(1, dim, factors[i], row, q_stride_, row, q_stride_);
    }
  }

 private:
  const AloneScope alone_;
  const AttentionShape& attention_;
  const Keys keys_;
  const int64_t q_stride_;
  float* const p_;
};

class BackwardHead {
 public:
  static constexpr int64_t kQueries = kBlock;

  BackwardHead(const AttentionShape& attention, int64_t length, const float* k, const float* v,
               float* dk, float* dv)
      : attention_(attention),
        keys_(attention, length, k, v),
        q_stride_(attention.heads * attention.head_dim),
        p_(ScoreMemory(length)),
        ds_(p_ + kBlock * RowSize(length)),
        dk_(dk),
        dv_(dv) {
    std::fill_n(dk_, keys_.shape().rows() * keys_.shape().depth(), 0.0f);
    std::fill_n(dv_, keys_.shape().rows() * keys_.shape().depth(), 0.0f);
  }

  void Run(const AttentionQueries<float>& queries) {
    const int64_t rows = queries.count, dim = keys_.shape().dim, depth = keys_.shape().depth();
    const int64_t first = keys_.FirstSeen(queries.first), count = queries.first + rows - first;
    const int64_t stride = RowSize(count);
    MatMulBlock(rows, count, dim, queries.q, q_stride_, Transpose::kNo, keys_.k(first),
                keys_.stride(), Transpose::kYes, 0, p_, stride);
    MatMulBlock(rows, count, dim, queries.dout, q_stride_, Transpose::kNo, keys_.v(first),
                keys_.stride(), Transpose::kYes, 0, ds_, stride);
    ComputeGradients(queries, first, count, stride);
    MatMulBlock(count, dim, rows, p_, stride, Transpose::kYes, queries.dout, q_stride_,
                Transpose::kNo, 1, dv_ + first * depth, depth);
    MatMulBlock(count, dim, rows, ds_, stride, Transpose::kYes, queries.q, q_stride_,
                Transpose::kNo, 1, dk_ + first * depth, depth);
    MatMulBlock(rows, dim, count, ds_, stride, Transpose::kNo, keys_.k(first), keys_.stride(),
                Transpose::kNo, 0, queries.dq, q_stride_);
    StoreScaled(rows, dim, static_cast<float>(attention_.scale), queries.dq, q_stride_, queries.dq,
                q_stride_);
  }

 private:
  void ComputeGradients(const AttentionQueries<float>& queries, int64_t first, int64_t count,
                        int64_t stride) const {
    float own[kBlock];
    RowDots(queries.count, keys_.shape().dim, queries.dout, queries.out, q_stride_, own);
    for (int64_t i = 0; i < queries.count; ++i) {
      GradientRow(keys_.SeenBy(queries.first + i, first), count,
                  static_cast<float>(attention_.scale), queries.log_sum[i * attention_.heads],
                  own[i], p_ + i * stride, ds_ + i * stride);
    }
  }

  const AloneScope alone_;
  const AttentionShape& attention_;
  const Keys keys_;
  const int64_t q_stride_;
  float *const p_, *const ds_;   // of a block
  float *const dk_, *const dv_;  // [length, dim], padded
};

}  // namespace

void BlockAttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                           const float* q, const float* k, const float* v, float* out,
                           float* log_sum) {
  AttentionForwardByParts(shape, document_starts, q, k, v, out, log_sum,
                          [&](int64_t length, const float* head_k, const float* head_v) {
                            return ForwardHead(shape, length, head_k, head_v);
                          });
}

void BlockAttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                            const float* q, const float* k, const float* v, const float* out,
                            const float* log_sum, const float* dout, float* dq, float* dk,
                            float* dv) {
  AttentionBackwardByParts(shape, document_starts, q, k, v, out, log_sum, dout, dq, dk, dv,
                           [&](int64_t length, const float* head_k, const float* head_v,
                               float* head_dk, float* head_dv) {
                             return BackwardHead(shape, length, head_k, head_v, head_dk, head_dv);
                           });
}

}  // namespace ropewalk
