#include "worker/data/json_text.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {

using Json = nlohmann::ordered_json;

absl::StatusOr<std::string> ReadText(const Json& row, const char* key) {
  const auto it = row.find(key);
  if (it == row.end()) return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" is missing"));
  if (it->is_string()) return it->get<std::string>();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", key, "\" is no string but ", it->type_name()));
}

absl::StatusOr<std::string> ReadNonEmptyText(const Json& row, const char* key) {
  ASSIGN_OR_RETURN(std::string text, ReadText(row, key));
  if (!text.empty()) return text;
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" is empty"));
}

absl::StatusOr<std::string> ReadOptionalText(const Json& row, const char* key) {
  const auto it = row.find(key);
  if (it == row.end() || it->is_null()) return "";
  return ReadText(row, key);
}

}  // namespace ropewalk
