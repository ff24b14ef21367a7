#include "worker/data/jsonl.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr char kKinds[] = R"(a row is {"prompt": "...", "completion": "..."} or {"text": "..."})";

absl::Status Malformed(absl::string_view origin, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(origin, ": ", what, "; ", kKinds));
}

absl::StatusOr<Json> ParseObject(const std::string& line, absl::string_view origin) {
  if (!IsValidUtf8(line)) return Malformed(origin, "the line is not valid UTF-8");
  try {
    Json json = Json::parse(line);
    if (json.is_object()) return json;
    return Malformed(origin, absl::StrCat("the row is no object but ", json.type_name()));
  } catch (const Json::parse_error& error) {
    return Malformed(origin, absl::StrCat("the line is not JSON, at byte ", error.byte));
  } catch (const Json::exception& error) {
    return Malformed(origin, absl::StrCat("the line is not JSON: ", error.what()));
  }
}

absl::StatusOr<std::string> Text(const Json& row, const char* key, absl::string_view origin) {
  const auto it = row.find(key);
  if (it == row.end()) return Malformed(origin, absl::StrCat("\"", key, "\" is missing"));
  if (!it->is_string()) {
    return Malformed(origin, absl::StrCat("\"", key, "\" is no string but ", it->type_name()));
  }
  auto text = it->get<std::string>();
  if (text.empty()) return Malformed(origin, absl::StrCat("\"", key, "\" is empty"));
  return text;
}

absl::StatusOr<Row> ParseRow(const std::string& line, std::string origin) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(line, origin));
  Row row;
  row.origin = std::move(origin);
  row.has_prompt = json.contains("prompt") || json.contains("completion");
  if (row.has_prompt == json.contains("text")) {
    return Malformed(row.origin, row.has_prompt ? "the row has both a prompt and a text"
                                                : "the row has neither a prompt nor a text");
  }
  if (row.has_prompt) {
    ASSIGN_OR_RETURN(row.prompt, Text(json, "prompt", row.origin));
  }
  ASSIGN_OR_RETURN(row.text, Text(json, row.has_prompt ? "completion" : "text", row.origin));
  return row;
}

}  // namespace

absl::Status ReadJsonl(const std::string& path, std::vector<Row>* rows) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat(path, ": there is no such file, or it cannot be read"));
  }
  const size_t before = rows->size();
  int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    ASSIGN_OR_RETURN(rows->emplace_back(), ParseRow(line, absl::StrCat(path, ":", number)));
  }
  if (file.bad()) return absl::UnavailableError(absl::StrCat(path, ": reading failed"));
  if (rows->size() > before) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(path, ": the file has no row; ", kKinds));
}

}  // namespace ropewalk
