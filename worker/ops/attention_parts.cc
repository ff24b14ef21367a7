#include "worker/ops/attention_parts.h"

#include "worker/tensor/simd.h"

namespace ropewalk {

ROPEWALK_SIMD void AddTo(int64_t n, const float* x, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

}  // namespace ropewalk
