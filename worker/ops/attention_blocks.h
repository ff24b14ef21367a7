#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"

namespace ropewalk {

// Attention as attention.h has it in float32, by matrix products of a block of queries and all keys
// that they see: for processors that have no tiles faster than that. Scores and probabilities exist
// for one such block at a time (Rabe & Staats, "Self-attention does not need O(n^2) memory", 2021).

void BlockAttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                           const float* q, const float* k, const float* v, float* out,
                           float* log_sum);

void BlockAttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                            const float* q, const float* k, const float* v, const float* out,
                            const float* log_sum, const float* dout, float* dq, float* dk,
                            float* dv);

}  // namespace ropewalk
