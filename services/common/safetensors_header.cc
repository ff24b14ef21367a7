#include "services/common/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kMostHeaderBytes = 8 << 20;

absl::Status Damaged(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a whole safetensors file: ", why));
}

bool IsCount(const nlohmann::json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() < (uint64_t{1} << 62);
}

bool AreCounts(const nlohmann::json& values) {
  return values.is_array() && std::all_of(values.begin(), values.end(), IsCount);
}

absl::StatusOr<TensorInfo> ParseTensor(const nlohmann::json& entry, int64_t data_bytes) {
  const bool good = entry.is_object() && entry.contains("dtype") && entry["dtype"].is_string() &&
                    entry.contains("shape") && AreCounts(entry["shape"]) &&
                    entry.contains("data_offsets") && AreCounts(entry["data_offsets"]) &&
                    entry["data_offsets"].size() == 2;
  if (!good) return Damaged("a tensor has no dtype, shape or data_offsets");
  const int64_t begin = entry["data_offsets"][0];
  const int64_t end = entry["data_offsets"][1];
  if (begin > end || end > data_bytes) return Damaged("a tensor lies outside of it");
  return TensorInfo{entry["dtype"], entry["shape"].get<std::vector<int64_t>>(), begin, end};
}

}  // namespace

std::string TensorInfo::ShapeText() const {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<int64_t> ParseHeaderLength(absl::string_view first_bytes, int64_t file_bytes) {
  if (first_bytes.size() < kHeaderLengthBytes) return Damaged("it is too short");
  uint64_t length = 0;
  for (int i = kHeaderLengthBytes - 1; i >= 0; --i) {
    length = length << 8 | static_cast<unsigned char>(first_bytes[i]);
  }
  const uint64_t most = std::min(kMostHeaderBytes, file_bytes - kHeaderLengthBytes);
  if (length <= most) return static_cast<int64_t>(length);
  return Damaged(absl::StrCat("its header would have ", length, " bytes"));
}

absl::StatusOr<TensorsByName> ParseSafetensorsHeader(absl::string_view header, int64_t file_bytes) {
  const nlohmann::json json = nlohmann::json::parse(header, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Damaged("its header is not a JSON object");
  const int64_t data_bytes = file_bytes - kHeaderLengthBytes - static_cast<int64_t>(header.size());
  TensorsByName tensors;
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__") continue;
    const absl::StatusOr<TensorInfo> tensor = ParseTensor(entry, data_bytes);
    if (tensor.ok()) {
      tensors[name] = *tensor;
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat(tensor.status().message(), " (", absl::CHexEscape(name), ")"));
    }
  }
  return tensors;
}

}  // namespace ropewalk
