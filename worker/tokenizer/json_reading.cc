#include "worker/tokenizer/json_reading.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr int64_t kLargestId = 1 << 22;

}  // namespace

const Json& Child(const Json& parent, const char* key) {
  static const Json none;
  if (!parent.is_object()) return none;
  const auto it = parent.find(key);
  return it == parent.end() ? none : *it;
}

std::string TypeOf(const Json& part) {
  if (part.is_null()) return "none";
  const Json& type = Child(part, "type");
  return type.is_string() ? type.get<std::string>() : "without a type";
}

absl::Status Unsupported(absl::string_view part, absl::string_view what,
                         absl::string_view supported) {
  return absl::InvalidArgumentError(
      absl::StrCat("the ", part, " ", what, " is not supported; supported: ", supported));
}

absl::StatusOr<int32_t> ReadTokenId(const Json& value, absl::string_view name) {
  if (value.is_number_integer()) {
    const auto id = value.get<int64_t>();
    if (id >= 0 && id <= kLargestId) return static_cast<int32_t>(id);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the id of \"", name, "\" is not a number from 0 to ", kLargestId));
}

}  // namespace ropewalk
