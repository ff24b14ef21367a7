#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "worker/ops/attention.h"

namespace ropewalk {

// Attention as attention.h has it, a query after another, in double: what others are compared with.

void RowAttentionForward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                         const double* q, const double* k, const double* v, double* out,
                         double* log_sum);

void RowAttentionBackward(const AttentionShape& shape, absl::Span<const int32_t> document_starts,
                          const double* q, const double* k, const double* v, const double* out,
                          const double* log_sum, const double* dout, double* dq, double* dk,
                          double* dv);

}  // namespace ropewalk
