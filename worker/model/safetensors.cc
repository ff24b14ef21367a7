#include "worker/model/safetensors.h"

#include <algorithm>
#include <cassert>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace ropewalk {
namespace {

struct DtypeInfo {
  absl::string_view name;
  int64_t size;
};

// In the order of the enumeration.
constexpr DtypeInfo kDtypes[] = {{"BOOL", 1}, {"U8", 1},   {"I8", 1},  {"U16", 2}, {"I16", 2},
                                 {"F16", 2},  {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},
                                 {"U64", 8},  {"I64", 8},  {"F64", 8}};

const DtypeInfo& Info(Dtype dtype) { return kDtypes[static_cast<int>(dtype)]; }

std::string LittleEndian(uint64_t value) {
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

// The JSON object, in the order of `tensors`, padded with spaces to a multiple of 8 bytes.
std::string Header(const std::vector<TensorView>& tensors,
                   const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  size_t offset = 0;
  for (const TensorView& tensor : tensors) {
    header[tensor.name] = {{"dtype", std::string(DtypeName(tensor.dtype))},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.empty() ? "{}" : header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

absl::string_view DtypeName(Dtype dtype) { return Info(dtype).name; }

int64_t DtypeSize(Dtype dtype) { return Info(dtype).size; }

std::string ShapeToString(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

std::string SerializeSafetensors(std::vector<TensorView> tensors,
                                 const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const TensorView& a, const TensorView& b) {
    const int64_t a_size = DtypeSize(a.dtype), b_size = DtypeSize(b.dtype);
    return a_size != b_size ? a_size > b_size : a.name < b.name;
  });
  const std::string header = Header(tensors, metadata);
  std::string file = LittleEndian(header.size()) + header;
  size_t size = file.size();
  for (const TensorView& tensor : tensors) size += tensor.bytes.size();
  file.reserve(size);
  for (const TensorView& tensor : tensors) file.append(tensor.bytes.data(), tensor.bytes.size());
  return file;
}

}  // namespace ropewalk
