#pragma once

#include <string>

#include "absl/types/span.h"
#include "worker/model/safetensors.h"

namespace ropewalk {

// True for the dtypes that can be read below: F32, F16 and BF16.
bool IsFloat(Dtype dtype);

// The tensor's elements as float32. REQUIRES: such a dtype, and out.size() elements.
void ToFloat32(const TensorView& tensor, absl::Span<float> out);

// The bytes of a tensor of `dtype`, F32, F16 or BF16 (rounded to nearest even), with these
// elements.
std::string FromFloat32(absl::Span<const float> values, Dtype dtype);

}  // namespace ropewalk
