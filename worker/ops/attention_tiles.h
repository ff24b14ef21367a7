#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"
#include "worker/ops/tile_product.h"

namespace ropewalk {

// Attention as attention.h has it, by products of tiles (Dao, Fu, Ermon, Rudra & Ré,
// "FlashAttention: fast and memory-efficient exact attention with IO-awareness", 2022). Scores,
// probabilities and their gradients exist for a block of keys and queries at a time, with a row for
// each key. T is Bfloat16, whose probabilities are rounded to it before they are multiplied, or
// float, whose products are those of kMaxPlanes planes. Sums are float32.

template <typename T>
void TileAttentionForward(const TileKernel& kernel, const AttentionShape& shape,
                          absl::Span<const int32_t> document_starts, const T* q, const T* k,
                          const T* v, T* out, float* log_sum);

template <typename T>
void TileAttentionBackward(const TileKernel& kernel, const AttentionShape& shape,
                           absl::Span<const int32_t> document_starts, const T* q, const T* k,
                           const T* v, const T* out, const float* log_sum, const T* dout, T* dq,
                           T* dk, T* dv);

}  // namespace ropewalk
