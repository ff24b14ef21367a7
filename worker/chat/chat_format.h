#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "worker/chat/chat_template.h"

namespace ropewalk {

// How a model's conversations are written: its templates and the special tokens they name.
struct ChatFormat {
  ChatTemplate default_template;
  std::optional<ChatTemplate> tool_use;  // for conversations with tools, if the model has one
  nlohmann::ordered_json variables;      // bos_token, eos_token, ...: strings
  std::optional<absl::Time> now;         // what strftime_now shows; absent: the time it is

  // The template for these tools: an array, or null.
  const ChatTemplate& TemplateFor(const nlohmann::ordered_json& tools) const {
    return tool_use.has_value() && !tools.is_null() ? *tool_use : default_template;
  }
};

// Messages as transformers' apply_chat_template hands them to a template: without the keys whose
// value is null, and with reasoning under the names that templates know it by (reasoning_content,
// thinking).
nlohmann::ordered_json PrepareMessages(const nlohmann::ordered_json& messages);

// The text that apply_chat_template gives. Errors as ChatTemplate::Render; INVALID_ARGUMENT also
// if messages is no array of objects.
absl::StatusOr<RenderedChat> RenderChat(const ChatFormat& format,
                                        const nlohmann::ordered_json& messages,
                                        const nlohmann::ordered_json& tools,
                                        bool add_generation_prompt);

}  // namespace ropewalk
