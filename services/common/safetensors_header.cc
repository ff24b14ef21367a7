#include "services/common/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kMostHeaderBytes = 8 << 20;
// As many as NumPy and PyTorch have.
constexpr size_t kMostDimensions = 64;
constexpr size_t kMostNameBytes = 1024;

absl::Status Damaged(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a whole safetensors file: ", why));
}

// Reads the header without making a tree of it, which would take up to fifty times its size.
//
//   {"__metadata__": {...}, "name": {"dtype": "F32", "shape": [8, 64], "data_offsets": [0, 2048]}}
//
// Levels are 1 within the outermost object, 2 within a tensor's, and 3 within its lists. Members
// of a tensor that are none of these three may be anything.
class HeaderReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderReader(int64_t data_bytes) : data_bytes_(data_bytes) {}

  absl::Status status() const { return status_; }
  TensorsByName& tensors() { return tensors_; }

  bool null() override { return TakeOther(); }
  bool boolean(bool) override { return TakeOther(); }
  bool number_integer(number_integer_t) override { return TakeOther(); }
  bool number_float(number_float_t, const string_t&) override { return TakeOther(); }
  bool binary(binary_t&) override { return TakeOther(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (level_ != 3 || list() == nullptr) return TakeOther();
    if (value >= uint64_t{1} << 62) return TakeOther();
    if (list()->size() == kMostDimensions) return Fail("has more than 64 dimensions");
    list()->push_back(static_cast<int64_t>(value));
    return true;
  }

  bool string(string_t& value) override {
    if (level_ != 2 || member_ != Member::kType) return TakeOther();
    tensor_.type = std::move(value);
    return true;
  }

  bool start_object(size_t) override {
    const bool begins = level_ == 0 || (level_ == 1 && member_ == Member::kTensor);
    if (!begins && !TakeOther()) return false;
    ++level_;
    return true;
  }

  bool key(string_t& value) override {
    if (level_ == 1) return BeginTensor(std::move(value));
    if (level_ > 2 || in_metadata_) return true;
    member_ = value == "dtype"          ? Member::kType
              : value == "shape"        ? Member::kShape
              : value == "data_offsets" ? Member::kOffsets
                                        : Member::kOther;
    if (list() != nullptr) list()->clear();
    return true;
  }

  bool end_object() override { return --level_ != 1 || in_metadata_ || EndTensor(); }

  bool start_array(size_t) override {
    const bool begins = level_ == 2 && list() != nullptr;
    if (!begins && !TakeOther()) return false;
    if (begins && member_ == Member::kShape) has_shape_ = true;
    ++level_;
    return true;
  }

  bool end_array() override {
    --level_;
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    if (status_.ok()) status_ = Damaged("its header is not a JSON object");
    return false;
  }

 private:
  // What the value belongs to that comes next.
  enum class Member { kOther, kTensor, kType, kShape, kOffsets };

  std::vector<int64_t>* list() {
    if (member_ == Member::kShape) return &tensor_.shape;
    return member_ == Member::kOffsets ? &offsets_ : nullptr;
  }

  // A value that is none of those that a header has where it stands.
  bool TakeOther() {
    if (level_ == 0) {
      status_ = Damaged("its header is not a JSON object");
      return false;
    }
    return member_ == Member::kOther || Fail(kIncomplete);
  }

  bool Fail(absl::string_view why) {
    status_ = Damaged(absl::StrCat("a tensor ", why, " (", absl::CHexEscape(name_), ")"));
    return false;
  }

  bool BeginTensor(std::string name) {
    name_ = std::move(name);
    in_metadata_ = name_ == "__metadata__";
    member_ = in_metadata_ ? Member::kOther : Member::kTensor;
    tensor_ = TensorInfo();
    has_shape_ = false;
    offsets_.clear();
    if (name_.size() <= kMostNameBytes) return true;
    name_.resize(kMostNameBytes);
    return Fail("has a name of more than 1024 bytes");
  }

  bool EndTensor() {
    if (tensor_.type.empty() || !has_shape_ || offsets_.size() != 2) return Fail(kIncomplete);
    tensor_.begin = offsets_[0];
    tensor_.end = offsets_[1];
    if (tensor_.begin > tensor_.end || tensor_.end > data_bytes_) return Fail("lies outside of it");
    tensor_.shape.shrink_to_fit();
    if (tensors_.emplace(name_, std::move(tensor_)).second) return true;
    return Fail("comes twice");
  }

  static constexpr char kIncomplete[] = "has no dtype, shape or data_offsets";

  const int64_t data_bytes_;
  absl::Status status_;
  TensorsByName tensors_;
  int level_ = 0;
  bool in_metadata_ = false;
  Member member_ = Member::kOther;
  // Of the tensor at hand.
  std::string name_;
  TensorInfo tensor_;
  bool has_shape_ = false;
  std::vector<int64_t> offsets_;
};

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
  HeaderReader reader(file_bytes - kHeaderLengthBytes - static_cast<int64_t>(header.size()));
  const bool whole = nlohmann::json::sax_parse(header, &reader);
  RETURN_IF_ERROR(reader.status());
  if (!whole) return Damaged("its header is not a JSON object");
  return std::move(reader.tensors());
}

}  // namespace ropewalk
