#include "services/registry/json_text.h"

#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int kMostLevels = 100;

absl::Status TooMuch(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the JSON ", what));
}

// By what stands outside of strings: before each value and key but the outermost comes one of
// "[{,:".
absl::Status CheckSize(absl::string_view text, size_t most_values) {
  int levels = 0;
  size_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') ++levels;
    if (c == '}' || c == ']') --levels;
    if (c == '{' || c == '[' || c == ',' || c == ':') ++values;
    if (levels > kMostLevels) {
      return TooMuch(absl::StrCat("is nested more than ", kMostLevels, " deep"));
    }
    if (values > most_values) {
      return TooMuch(absl::StrCat("has more than ", most_values, " values"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

nlohmann::json ParseJson(absl::string_view text) {
  absl::StatusOr<nlohmann::json> json = ParseLimitedJson(text, std::numeric_limits<size_t>::max());
  if (!json.ok()) return nlohmann::json(nlohmann::json::value_t::discarded);
  return *std::move(json);
}

absl::StatusOr<nlohmann::json> ParseLimitedJson(absl::string_view text, size_t most_values) {
  RETURN_IF_ERROR(CheckSize(text, most_values));
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InvalidArgumentError("it is not JSON");
  return json;
}

}  // namespace ropewalk
