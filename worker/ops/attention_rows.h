#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"

namespace ropewalk {

// Attention as attention.h has it, a query after another: for double, which others are compared
// with, and for processors without tiles that are fast enough for float. T is float or double.

template <typename T>
void RowAttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                         const T* q, const T* k, const T* v, T* out, T* log_sum);

template <typename T>
void RowAttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                          const T* q, const T* k, const T* v, const T* out, const T* log_sum,
                          const T* dout, T* dq, T* dk, T* dv);

}  // namespace ropewalk
