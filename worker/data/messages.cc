#include "worker/data/messages.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

bool IsTextPart(const Json& part) {
  return part.is_object() && part.value("type", Json()) == "text" && part.contains("text") &&
         part["text"].is_string();
}

bool IsContent(const Json& content) {
  if (content.is_array()) return std::all_of(content.begin(), content.end(), IsTextPart);
  return content.is_string() || content.is_null();
}

absl::Status CheckMessage(const Json& message, absl::string_view where) {
  if (!message.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, " is no object but ", message.type_name()));
  }
  const auto role = message.find("role");
  if (role == message.end() || !role->is_string() || role->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, R"( has no "role"; it is "system", "user", "assistant" or "tool")"));
  }
  const auto content = message.find("content");
  if (content == message.end() || IsContent(*content)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      where, R"(: "content" is neither a text nor a list of {"type": "text", "text": "..."})"));
}

// A text that may hold JSON, as some datasets write nested values.
Json Unquoted(const Json& value) {
  if (!value.is_string()) return value;
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty()) return Json();
  Json parsed = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? value : parsed;
}

}  // namespace

Json MakeMessage(absl::string_view role, std::string content) {
  return {{"role", role}, {"content", std::move(content)}};
}

absl::Status CheckMessages(const Json& messages, absl::string_view key) {
  if (!messages.is_array() || messages.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", key, "\" is ", messages.is_array() ? "empty" : "no list",
                     R"(; it holds messages, )", R"({"role": "user", "content": "..."})"));
  }
  for (size_t i = 0; i < messages.size(); ++i) {
    RETURN_IF_ERROR(CheckMessage(messages[i], absl::StrCat(key, "[", i, "]")));
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> ReadTools(const Json& row) {
  const auto it = row.find("tools");
  if (it == row.end()) return Json();
  Json tools = Unquoted(*it);
  const bool empty = tools.is_null() || (tools.is_array() && tools.empty());
  if (empty) return Json();
  const auto is_object = [](const Json& tool) { return tool.is_object(); };
  if (tools.is_array() && std::all_of(tools.begin(), tools.end(), is_object)) return tools;
  return absl::InvalidArgumentError(R"("tools" is no list of tool descriptions)");
}

}  // namespace ropewalk
