#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/tensor/element.h"

namespace ropewalk {

struct AttentionShape {
  int64_t heads = 0;     // of queries
  int64_t kv_heads = 0;  // divides heads; query head h uses key head h / (heads / kv_heads)
  int64_t head_dim = 0;
  double scale = 1.0;  // usually head_dim^-0.5
  // Sliding window: each token sees itself and the window - 1 tokens before it. 0: all before it.
  int64_t window = 0;
};

// Causal attention within each document: o_i = sum_j p_ij v_j, p_i = softmax(scale * q_i . k_j)
// over j <= i of the same document (and, with a window, j > i - window). No T x T matrix is formed.
// q, out: [T, heads, head_dim]; k, v: [T, kv_heads, head_dim]; log_sum: [T, heads], receives log
// sum_j exp(scale * q_i . k_j) for the backward pass. document_starts: as in PackedTokens.
//
// T is Bfloat16, float or double; sums of Bfloat16 numbers are float32, rounded once. scale > 0.
// The same bits for any number of threads.
template <typename T>
void AttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                      const T* q, const T* k, const T* v, T* out, Wide<T>* log_sum);

// Probabilities are computed again from log_sum. With D_i = dout_i . out_i: ds_ij = p_ij (dout_i .
// v_j - D_i), dq_i = scale sum_j ds_ij k_j, dk_j = scale sum_i ds_ij q_i, dv_j = sum_i p_ij dout_i.
// dq, dk, dv are overwritten; shapes as above.
template <typename T>
void AttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                       const T* q, const T* k, const T* v, const T* out, const Wide<T>* log_sum,
                       const T* dout, T* dq, T* dk, T* dv);

// One new query per sequence over cached keys and values. q, out: [sequences, heads, head_dim];
// keys[s], values[s]: [lengths[s], kv_heads, head_dim], in any order, the new token's own included;
// every one of them is seen, whatever the shape's window.
template <typename T>
void AttentionDecode(const AttentionShape& shape, absl::Span<const int64_t> lengths, const T* q,
                     absl::Span<const T* const> keys, absl::Span<const T* const> values, T* out);

}  // namespace ropewalk
