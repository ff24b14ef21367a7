#include "worker/data/sharegpt.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/data/json_text.h"
#include "worker/data/messages.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kCall[] = "function_call";

absl::StatusOr<std::string> RoleOf(const std::string& speaker) {
  static const auto* roles = new std::map<std::string, std::string>{
      {"human", "user"},          {"user", "user"},     {"gpt", "assistant"},
      {"assistant", "assistant"}, {"system", "system"}, {"observation", "tool"},
      {"tool", "tool"},           {kCall, kCall}};
  const auto it = roles->find(speaker);
  if (it != roles->end()) return it->second;
  return absl::InvalidArgumentError(
      absl::StrCat("the speaker \"", speaker,
                   "\" is not known; known are human, gpt, system, observation, function_call"));
}

bool IsCall(const Json& call) {
  return call.is_object() && call.contains("name") && call["name"].is_string() &&
         call.contains("arguments");
}

absl::StatusOr<Json> MessageOfCalls(const std::string& value) {
  Json calls = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  if (calls.is_object()) calls = Json::array({calls});
  if (!calls.is_array() || calls.empty() || !std::all_of(calls.begin(), calls.end(), IsCall)) {
    return absl::InvalidArgumentError(
        R"(the value of "function_call" is not JSON {"name": "...", "arguments": {...}})");
  }
  Json message = MakeMessage("assistant", "");
  for (const Json& call : calls) {
    message["tool_calls"].push_back({{"type", "function"}, {"function", call}});
  }
  return message;
}

absl::StatusOr<Json> MessageOf(const Json& turn) {
  if (!turn.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("is no object but ", turn.type_name()));
  }
  if (turn.contains("role")) return turn;
  ASSIGN_OR_RETURN(const std::string speaker, ReadText(turn, "from"));
  ASSIGN_OR_RETURN(std::string value, ReadText(turn, "value"));
  ASSIGN_OR_RETURN(const std::string role, RoleOf(speaker));
  if (role == kCall) return MessageOfCalls(value);
  return MakeMessage(role, std::move(value));
}

}  // namespace

absl::StatusOr<Json> MessagesOfShareGpt(const Json& row) {
  Json messages = Json::array();
  ASSIGN_OR_RETURN(std::string system, ReadOptionalText(row, "system"));
  if (!system.empty()) messages.push_back(MakeMessage("system", std::move(system)));
  const Json& turns = row["conversations"];
  if (!turns.is_array()) return absl::InvalidArgumentError(R"("conversations" is no list)");
  for (size_t i = 0; i < turns.size(); ++i) {
    absl::StatusOr<Json> message = MessageOf(turns[i]);
    if (!message.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("conversations[", i, "]: ", message.status().message()));
    }
    messages.push_back(*std::move(message));
  }
  RETURN_IF_ERROR(CheckMessages(messages, "conversations"));
  return messages;
}

}  // namespace ropewalk
