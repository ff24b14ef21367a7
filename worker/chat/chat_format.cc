#include "worker/chat/chat_format.h"

#include <utility>

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

Json PrepareMessage(const Json& message) {
  if (!message.is_object()) return message;
  Json prepared = Json::object();
  const Json* reasoning = nullptr;
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    const auto found = message.find(name);
    if (reasoning == nullptr && found != message.end() && !found->is_null()) reasoning = &*found;
  }
  if (reasoning != nullptr) prepared["thinking"] = *reasoning;
  for (const auto& [key, value] : message.items()) {
    if (!value.is_null()) prepared[key] = value;
  }
  if (reasoning != nullptr) prepared["reasoning_content"] = *reasoning;
  return prepared;
}

}  // namespace

Json PrepareMessages(const Json& messages) {
  Json prepared = Json::array();
  for (const Json& message : messages) prepared.push_back(PrepareMessage(message));
  return prepared;
}

absl::StatusOr<RenderedChat> RenderChat(const ChatFormat& format, const Json& messages,
                                        const Json& tools, bool add_generation_prompt) {
  if (!messages.is_array()) return absl::InvalidArgumentError("'messages' is no array");
  for (const Json& message : messages) {
    if (!message.is_object()) return absl::InvalidArgumentError("a message is no object");
  }
  return format.TemplateFor(tools).Render(
      {PrepareMessages(messages), tools, add_generation_prompt, format.variables}, {},
      format.now.value_or(absl::Now()));
}

}  // namespace ropewalk
