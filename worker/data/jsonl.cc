#include "worker/data/jsonl.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/data/json_depth.h"
#include "worker/data/row_reader.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;
constexpr char kKinds[] =
    R"(a row is {"text": "..."}, {"prompt": "...", "completion": "..."}, {"messages": [...]}, )"
    R"({"instruction": "...", "output": "..."} or {"conversations": [...]})";

absl::Status Malformed(absl::string_view origin, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(origin, ": ", what, "; ", kKinds));
}

absl::StatusOr<Json> ParseObject(const std::string& line) {
  if (!IsValidUtf8(line)) return absl::InvalidArgumentError("the line is not valid UTF-8");
  if (JsonDepth(line) > kMaxDepth) {
    return absl::InvalidArgumentError(absl::StrCat("the row is nested deeper than ", kMaxDepth));
  }
  try {
    Json json = Json::parse(line);
    if (json.is_object()) return json;
    return absl::InvalidArgumentError(absl::StrCat("the row is no object but ", json.type_name()));
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("the line is not JSON, at byte ", error.byte));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("the line is not JSON: ", error.what()));
  }
}

absl::StatusOr<Row> ParseRow(const std::string& line, std::string origin) {
  absl::StatusOr<Json> json = ParseObject(line);
  if (!json.ok()) return Malformed(origin, json.status().message());
  auto content = ReadRow(*json);
  if (!content.ok()) return Malformed(origin, content.status().message());
  return Row{std::move(origin), *std::move(content)};
}

}  // namespace

absl::Status ReadJsonl(const std::string& path, std::vector<Row>* rows) {
  std::ifstream file(path, std::ios::binary);
  if (file) return ReadJsonl(file, path, rows);
  return absl::NotFoundError(absl::StrCat(path, ": there is no such file, or it cannot be read"));
}

absl::Status ReadJsonl(std::istream& file, const std::string& name, std::vector<Row>* rows) {
  const size_t before = rows->size();
  int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    ASSIGN_OR_RETURN(rows->emplace_back(), ParseRow(line, absl::StrCat(name, ":", number)));
  }
  if (file.bad()) return absl::UnavailableError(absl::StrCat(name, ": reading failed"));
  if (rows->size() > before) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, ": the file has no row; ", kKinds));
}

}  // namespace ropewalk
