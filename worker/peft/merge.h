#pragma once

#include <vector>

#include "absl/types/span.h"
#include "worker/ops/lora.h"
#include "worker/ops/matmul.h"

namespace ropewalk {

// Folds an adapter into its linear layer, weight [out, in] += scale B A, with a [rank, in] and b
// [out, rank]: the layer then computes what both did.
template <typename T>
void MergeLora(const LoraShape& shape, absl::Span<const T> a, absl::Span<const T> b,
               absl::Span<T> weight) {
  std::vector<T> scaled(b.begin(), b.end());
  for (T& element : scaled) element *= static_cast<T>(shape.scale);
  MatMul<T>(shape.out, shape.in, shape.rank, scaled.data(), Transpose::kNo, a.data(),
            Transpose::kNo, T{1}, weight.data());
}

}  // namespace ropewalk
