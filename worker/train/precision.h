#pragma once

#include "absl/status/statusor.h"
#include "worker/ops/linear_weight.h"

namespace ropewalk {

namespace v1 {
enum Precision : int;
}

// How matrix products are made in `precision`.
// FAILED_PRECONDITION: this processor cannot. INVALID_ARGUMENT: the precision is not set.
absl::StatusOr<MatMulPrecision> SupportedPrecision(v1::Precision precision);

}  // namespace ropewalk
