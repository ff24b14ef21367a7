#include "worker/tokenizer/json_reading.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

constexpr int64_t kLargestId = 1 << 22;
constexpr int kMostParts = 16, kDeepest = 4;
constexpr size_t kLongestText = 256;

absl::Status ForEachPart(absl::string_view what, const Json& part, const char* items, int depth,
                         int* parts, absl::FunctionRef<absl::Status(const Json&)> read) {
  if (TypeOf(part) == "none") return absl::OkStatus();
  if (depth > kDeepest || ++*parts > kMostParts) {
    return absl::InvalidArgumentError(absl::StrCat("the ", what, " has more than ", kMostParts,
                                                   " parts, or Sequences more than ", kDeepest,
                                                   " deep"));
  }
  if (TypeOf(part) != "Sequence") return read(part);
  for (const Json& item : part.at(items)) {
    RETURN_IF_ERROR(ForEachPart(what, item, items, depth + 1, parts, read));
  }
  return absl::OkStatus();
}

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

absl::Status ForEachPart(absl::string_view what, const Json& part, const char* items,
                         absl::FunctionRef<absl::Status(const Json&)> read) {
  int parts = 0;
  return ForEachPart(what, part, items, 0, &parts, read);
}

absl::StatusOr<std::string> ReadCharacter(const Json& part, const char* key) {
  const auto& text = part.at(key).get_ref<const std::string&>();
  if (!text.empty() && FirstCharacter(text).size() == text.size()) return text;
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" is not one character"));
}

absl::StatusOr<std::string> ReadShortText(const Json& part, const char* key) {
  const auto& text = part.at(key).get_ref<const std::string&>();
  if (text.size() <= kLongestText) return text;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", key, "\" is longer than ", kLongestText, " bytes"));
}

absl::StatusOr<Regex> ReadPattern(const Json& pattern) {
  const Json& text = Child(pattern, "String");
  if (text.is_string()) return Regex::Create(Regex::Escaped(text.get<std::string>()));
  const Json& regex = Child(pattern, "Regex");
  if (regex.is_string()) return Regex::Create(regex.get_ref<const std::string&>());
  return absl::InvalidArgumentError("a pattern is not supported; supported: String, Regex");
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
