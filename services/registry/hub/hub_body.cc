#include "services/registry/hub/hub_body.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/registry/json_text.h"

namespace ropewalk {

absl::StatusOr<nlohmann::json> ParseBody(const std::string& body, size_t most_values) {
  absl::StatusOr<nlohmann::json> parsed = ParseLimitedJson(body, most_values);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the body: ", parsed.status().message()));
  }
  if (parsed->is_object()) return parsed;
  return absl::InvalidArgumentError("the body is not a JSON object");
}

absl::StatusOr<std::string> RequiredText(const nlohmann::json& body, const char* field) {
  std::string text = OptionalText(body, field);
  if (!text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat("the body needs a text '", field, "'"));
}

std::string OptionalText(const nlohmann::json& body, const char* field) {
  const auto found = body.find(field);
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::StatusOr<int64_t> RequiredSize(const nlohmann::json& body, const char* field) {
  const auto found = body.find(field);
  if (found != body.end() && found->is_number_integer()) {
    const int64_t size = found->get<int64_t>();
    if (size >= 0) return size;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the body needs a number '", field, "' from 0 on"));
}

absl::StatusOr<JsonReferences> RequiredObjects(const nlohmann::json& body, const char* field,
                                               size_t most) {
  const auto found = body.find(field);
  const bool good = found != body.end() && found->is_array() && found->size() <= most &&
                    std::all_of(found->begin(), found->end(),
                                [](const nlohmann::json& item) { return item.is_object(); });
  if (good) return JsonReferences(found->begin(), found->end());
  return absl::InvalidArgumentError(
      absl::StrCat("the body needs an array '", field, "' of at most ", most, " objects"));
}

}  // namespace ropewalk
