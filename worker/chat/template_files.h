#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/chat/chat_format.h"

namespace ropewalk {

// Reads a model folder's chat template as transformers does: chat_template.jinja and
// chat_templates/*.jinja if there are any, else `chat_template` of tokenizer_config.json, a string
// or a list of {name, template}, of which `default` and `tool_use` are used. Special tokens are of
// tokenizer_config.json, then of special_tokens_map.json. NOT_FOUND: the folder has no template;
// the message says where it was looked for. INVALID_ARGUMENT: a file is damaged, or a template is
// not supported.
absl::StatusOr<ChatFormat> LoadChatFormat(const std::string& model_folder);

// The same with this template in the place of the folder's, which need not have one.
absl::StatusOr<ChatFormat> LoadChatFormatWith(const std::string& model_folder,
                                              const std::string& chat_template);

}  // namespace ropewalk
