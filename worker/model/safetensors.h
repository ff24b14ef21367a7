#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// The safetensors format (https://github.com/huggingface/safetensors): 8 bytes little-endian header
// size, a JSON header, the tensors' bytes. The reader is strict, because files come from strangers:
// tensors must fill the file exactly, without gaps or overlaps.

enum class Dtype { kBool, kU8, kI8, kU16, kI16, kF16, kBF16, kU32, kI32, kF32, kU64, kI64, kF64 };

// As the format writes it, "F32".
absl::string_view DtypeName(Dtype dtype);
int64_t DtypeSize(Dtype dtype);

// "[2, 3]", for messages.
std::string ShapeToString(const std::vector<int64_t>& shape);

// A named tensor whose bytes (row-major, little-endian) belong to someone else.
struct TensorView {
  std::string name;
  Dtype dtype = Dtype::kF32;
  std::vector<int64_t> shape;
  absl::string_view bytes;
};

// What a file holds. The views point into the file's bytes.
struct Safetensors {
  std::map<std::string, TensorView> tensors;  // by name
  std::map<std::string, std::string> metadata;
};

// Reads a whole file's bytes, which must outlive the result. `file` is for messages.
// INVALID_ARGUMENT: not such a file, or a header above 16 MiB, a rank above 8 or a dtype not listed
// above; the message names the file and the tensor.
absl::StatusOr<Safetensors> ParseSafetensors(absl::string_view bytes, absl::string_view file);

// The file that holds `tensors` (names unique, sizes fitting the shapes): widest dtype first, then
// by name. The same input gives the same bytes. Hugging Face's loaders want to find "format": "pt"
// in the metadata.
std::string SerializeSafetensors(std::vector<TensorView> tensors,
                                 const std::map<std::string, std::string>& metadata = {
                                     {"format", "pt"}});

}  // namespace ropewalk
