#include "worker/train/precision.h"

#include "ropewalk/v1/job_service.pb.h"

namespace ropewalk {

absl::StatusOr<MatMulPrecision> SupportedPrecision(v1::Precision precision) {
  if (precision == v1::PRECISION_FLOAT32) return MatMulPrecision::kFull;
  if (precision != v1::PRECISION_BF16) {
    return absl::InvalidArgumentError("training.precision is not set");
  }
  if (CpuHasBfloat16()) return MatMulPrecision::kBfloat16;
  return absl::FailedPreconditionError(
      "training.precision is bf16, which this processor does not multiply in hardware; "
      "use float32 or another worker");
}

}  // namespace ropewalk
