#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Conversations in the form that chat templates take: messages with a role and a content.

nlohmann::ordered_json MakeMessage(absl::string_view role, std::string content);

// INVALID_ARGUMENT: `messages` is no list, empty, or one of it has no role, or a content that is
// neither a text, nor null, nor a list of parts of type "text". `key` is for the message.
absl::Status CheckMessages(const nlohmann::ordered_json& messages, absl::string_view key);

// The row's "tools" as a list; null if it has none. INVALID_ARGUMENT: it is no list of objects,
// and no text that holds one.
absl::StatusOr<nlohmann::ordered_json> ReadTools(const nlohmann::ordered_json& row);

}  // namespace ropewalk
