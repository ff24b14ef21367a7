#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// What the beginning of a safetensors file says of its tensors. Pure; the form is described at
// https://github.com/huggingface/safetensors#format.

struct TensorInfo {
  std::string type;  // "F32", "BF16", ...
  std::vector<int64_t> shape;
  // Where its bytes are, from the header's end on.
  int64_t begin = 0;
  int64_t end = 0;

  std::string ShapeText() const;  // "[8, 64]"
};

using TensorsByName = std::map<std::string, TensorInfo>;

// What comes before the header: its length.
constexpr int64_t kHeaderLengthBytes = 8;

// INVALID_ARGUMENT: a file of `file_bytes` cannot begin so, or the header is larger than 8 MiB.
absl::StatusOr<int64_t> ParseHeaderLength(absl::string_view first_bytes, int64_t file_bytes);

// INVALID_ARGUMENT: it is no such header, or a tensor lies outside of the file, comes twice, has
// more than 64 dimensions or a name of more than 1024 bytes. Takes a few times the header's size of
// memory, whatever it holds.
absl::StatusOr<TensorsByName> ParseSafetensorsHeader(absl::string_view header, int64_t file_bytes);

}  // namespace ropewalk
