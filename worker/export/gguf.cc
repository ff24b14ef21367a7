#include "worker/export/gguf.h"

#include <cstring>

namespace ropewalk {
namespace {

constexpr uint32_t kVersion = 3;
constexpr size_t kAlignment = 32;

// Codes of the format.
constexpr uint32_t kUint32 = 4, kFloat32 = 6, kString = 8;
constexpr uint32_t kTensorF32 = 0;

template <typename T>
void Append(T number, std::string* file) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &number, sizeof(T));
  file->append(bytes, sizeof(T));
}

void AppendString(const std::string& text, std::string* file) {
  Append(uint64_t{text.size()}, file);
  *file += text;
}

void AppendValue(const GgufValue& value, std::string* file) {
  AppendString(value.key, file);
  if (const auto* text = std::get_if<std::string>(&value.value)) {
    Append(kString, file);
    AppendString(*text, file);
  } else if (const auto* number = std::get_if<uint32_t>(&value.value)) {
    Append(kUint32, file);
    Append(*number, file);
  } else {
    Append(kFloat32, file);
    Append(std::get<float>(value.value), file);
  }
}

size_t Aligned(size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// offset: of the tensor's data, from where all data begin.
void AppendTensorInfo(const GgufTensor& tensor, uint64_t offset, std::string* file) {
  AppendString(tensor.name, file);
  Append(static_cast<uint32_t>(tensor.shape.size()), file);
  for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
    Append(static_cast<uint64_t>(*size), file);
  }
  Append(kTensorF32, file);
  Append(offset, file);
}

}  // namespace

std::string SerializeGguf(absl::Span<const GgufValue> values,
                          absl::Span<const GgufTensor> tensors) {
  std::string file = "GGUF";
  Append(kVersion, &file);
  Append(uint64_t{tensors.size()}, &file);
  Append(uint64_t{values.size()}, &file);
  for (const GgufValue& value : values) AppendValue(value, &file);
  uint64_t offset = 0;
  for (const GgufTensor& tensor : tensors) {
    AppendTensorInfo(tensor, offset, &file);
    offset += Aligned(tensor.values.size() * sizeof(float));
  }
  for (const GgufTensor& tensor : tensors) {
    file.resize(Aligned(file.size()));
    file.append(reinterpret_cast<const char*>(tensor.values.data()),
                tensor.values.size() * sizeof(float));
  }
  file.resize(Aligned(file.size()));
  return file;
}

}  // namespace ropewalk
