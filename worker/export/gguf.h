#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

// The GGUF format, version 3 (ggml-org/ggml, docs/gguf.md), as far as adapters need it: little
// endian; a header of keys and tensors; tensors' data aligned to 32 bytes.

struct GgufValue {
  std::string key;
  std::variant<std::string, uint32_t, float> value;
};

// A row-major tensor; the file lists its dimensions the other way round.
struct GgufTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> values;
};

// The whole file, keys and tensors in this order. The same input gives the same bytes.
std::string SerializeGguf(absl::Span<const GgufValue> values, absl::Span<const GgufTensor> tensors);

}  // namespace ropewalk
