#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/safetensors.h"
#include "worker/model/strict_json.h"

namespace ropewalk {
namespace {

constexpr uint64_t kMaxHeaderBytes = 16 << 20;
constexpr size_t kMaxRank = 8;
constexpr char kMetadataKey[] = "__metadata__";

// Builds the errors of one file, so that each names it.
class Reader {
 public:
  Reader(absl::string_view bytes, absl::string_view file) : bytes_(bytes), file_(file) {}

  absl::StatusOr<Safetensors> Read() {
    ASSIGN_OR_RETURN(const absl::string_view header, Header());
    ASSIGN_OR_RETURN(const nlohmann::json json, ParseStrictJson(header, file_));
    data_ = bytes_.substr(8 + header.size());
    for (const auto& [name, value] : json.items()) {
      RETURN_IF_ERROR(name == kMetadataKey ? ReadMetadata(value) : ReadTensor(name, value));
    }
    RETURN_IF_ERROR(CheckTensorsFillTheFile());
    return std::move(result_);
  }

 private:
  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(file_, ": not a safetensors file: ", parts...));
  }

  template <typename... Parts>
  absl::Status TensorError(absl::string_view name, const Parts&... parts) const {
    return Error("tensor '", name, "' ", parts...);
  }

  absl::StatusOr<absl::string_view> Header() const {
    if (bytes_.size() < 8) return Error("it has ", bytes_.size(), " bytes");
    uint64_t size = 0;
    for (int i = 7; i >= 0; --i) size = size << 8 | static_cast<uint8_t>(bytes_[i]);
    if (size > kMaxHeaderBytes) {
      return Error("its header claims ", size, " bytes, more than ", kMaxHeaderBytes);
    }
    if (size > bytes_.size() - 8) {
      return Error("its header claims ", size, " bytes, but the file ends after ",
                   bytes_.size() - 8);
    }
    const absl::string_view header = bytes_.substr(8, size);
    const size_t last = header.find_last_not_of(' ');
    if (last == absl::string_view::npos || header.front() != '{' || header[last] != '}') {
      return Error("its header is not a JSON object");
    }
    return header;
  }

  absl::Status ReadMetadata(const nlohmann::json& metadata) {
    if (!metadata.is_object()) return Error(kMetadataKey, " is not an object");
    for (const auto& [key, value] : metadata.items()) {
      if (!value.is_string()) return Error(kMetadataKey, " '", key, "' is not a string");
      result_.metadata[key] = value.get<std::string>();
    }
    return absl::OkStatus();
  }

  absl::Status ReadTensor(const std::string& name, const nlohmann::json& entry) {
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") ||
        !entry.contains("shape") || !entry.contains("data_offsets")) {
      return TensorError(name, "does not have exactly dtype, shape and data_offsets");
    }
    TensorView tensor;
    tensor.name = name;
    RETURN_IF_ERROR(ReadDtype(entry["dtype"], &tensor));
    RETURN_IF_ERROR(ReadShape(entry["shape"], &tensor));
    RETURN_IF_ERROR(ReadOffsets(entry["data_offsets"], &tensor));
    result_.tensors[name] = std::move(tensor);
    return absl::OkStatus();
  }

  absl::Status ReadDtype(const nlohmann::json& value, TensorView* tensor) const {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    for (int i = 0; i <= static_cast<int>(Dtype::kF64); ++i) {
      tensor->dtype = static_cast<Dtype>(i);
      if (text == DtypeName(tensor->dtype)) return absl::OkStatus();
    }
    return TensorError(tensor->name, "has the unknown dtype ", text.substr(0, 40));
  }

  absl::Status ReadShape(const nlohmann::json& value, TensorView* tensor) const {
    if (!value.is_array() || value.size() > kMaxRank) {
      return TensorError(tensor->name, "has a shape that is not a list of at most ", kMaxRank,
                         " numbers");
    }
    for (const nlohmann::json& dimension : value) {
      ASSIGN_OR_RETURN(const int64_t number, ReadNumber(dimension, tensor->name));
      tensor->shape.push_back(number);
    }
    return absl::OkStatus();
  }

  absl::Status ReadOffsets(const nlohmann::json& value, TensorView* tensor) const {
    if (!value.is_array() || value.size() != 2) {
      return TensorError(tensor->name, "has data_offsets that are not two numbers");
    }
    ASSIGN_OR_RETURN(const int64_t begin, ReadNumber(value[0], tensor->name));
    ASSIGN_OR_RETURN(const int64_t end, ReadNumber(value[1], tensor->name));
    if (begin > end || static_cast<uint64_t>(end) > data_.size()) {
      return TensorError(tensor->name, "lies at [", begin, ", ", end, ") of ", data_.size(),
                         " bytes of data");
    }
    const std::optional<int64_t> size = ByteSize(*tensor);
    if (!size || *size != end - begin) {
      return TensorError(tensor->name, "has ", end - begin, " bytes, which is not a ",
                         DtypeName(tensor->dtype), " of shape ", ShapeToString(tensor->shape));
    }
    tensor->bytes = data_.substr(begin, end - begin);
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> ReadNumber(const nlohmann::json& value, const std::string& name) const {
    if (value.is_number_unsigned()) {
      const uint64_t number = value.get<uint64_t>();
      if (number <= INT64_MAX) return static_cast<int64_t>(number);
    }
    return TensorError(name, "has ", value.dump(), " where a count belongs");
  }

  // Nothing if it overflows.
  static std::optional<int64_t> ByteSize(const TensorView& tensor) {
    int64_t size = DtypeSize(tensor.dtype);
    for (const int64_t dimension : tensor.shape) {
      if (__builtin_mul_overflow(size, dimension, &size)) return std::nullopt;
    }
    return size;
  }

  absl::Status CheckTensorsFillTheFile() const {
    std::vector<const TensorView*> by_offset;
    for (const auto& [name, tensor] : result_.tensors) by_offset.push_back(&tensor);
    std::sort(by_offset.begin(), by_offset.end(), [](const TensorView* a, const TensorView* b) {
      return std::pair(a->bytes.data(), a->bytes.size()) <
             std::pair(b->bytes.data(), b->bytes.size());
    });
    const char* position = data_.data();
    for (const TensorView* tensor : by_offset) {
      if (tensor->bytes.data() != position) {
        return TensorError(tensor->name, "does not begin where the one before it ends");
      }
      position += tensor->bytes.size();
    }
    const int64_t rest = data_.data() + data_.size() - position;
    return rest == 0 ? absl::OkStatus() : Error(rest, " bytes at its end belong to no tensor");
  }

  const absl::string_view bytes_;
  const absl::string_view file_;
  absl::string_view data_;
  Safetensors result_;
};

}  // namespace

absl::StatusOr<Safetensors> ParseSafetensors(absl::string_view bytes, absl::string_view file) {
  return Reader(bytes, file).Read();
}

}  // namespace ropewalk
