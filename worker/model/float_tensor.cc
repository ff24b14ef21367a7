#include "worker/model/float_tensor.h"

#include <cstring>

#include "worker/tensor/bfloat16.h"
#include "worker/tensor/float16.h"

namespace ropewalk {
namespace {

template <typename Stored>
Stored Load(const char* bytes) {
  Stored value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

template <typename Stored>
void Store(Stored value, char* bytes) {
  std::memcpy(bytes, &value, sizeof(value));
}

}  // namespace

bool IsFloat(Dtype dtype) {
  return dtype == Dtype::kF32 || dtype == Dtype::kF16 || dtype == Dtype::kBF16;
}

void ToFloat32(const TensorView& tensor, absl::Span<float> out) {
  const char* bytes = tensor.bytes.data();
  switch (tensor.dtype) {
    case Dtype::kF32:
      if (!out.empty()) std::memcpy(out.data(), bytes, out.size() * sizeof(float));
      break;
    case Dtype::kBF16:
      for (size_t i = 0; i < out.size(); ++i) out[i] = FromBfloat16(Load<Bfloat16>(bytes + 2 * i));
      break;
    default:
      for (size_t i = 0; i < out.size(); ++i) out[i] = FromFloat16(Load<uint16_t>(bytes + 2 * i));
  }
}

std::string FromFloat32(absl::Span<const float> values, Dtype dtype) {
  std::string bytes(values.size() * DtypeSize(dtype), '\0');
  if (dtype == Dtype::kF32) {
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (dtype == Dtype::kF16) {
      Store(ToFloat16(values[i]), bytes.data() + 2 * i);
    } else {
      Store(ToBfloat16(values[i]), bytes.data() + 2 * i);
    }
  }
  return bytes;
}

}  // namespace ropewalk
