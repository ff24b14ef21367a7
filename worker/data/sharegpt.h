#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace ropewalk {

// The messages of a ShareGPT row: its "system", if there is one, and each {"from", "value"} of its
// "conversations". "human" is the user, "gpt" the assistant, "observation" a tool's answer; a
// "function_call" is the assistant's, its value the call, {"name", "arguments"}, or a list of such.
// The names of roles stand for themselves, and messages may be written {"role", "content"}, too.
// INVALID_ARGUMENT: a key is missing, has a value of another type, or a speaker is unknown; the
// message names it.
absl::StatusOr<nlohmann::ordered_json> MessagesOfShareGpt(const nlohmann::ordered_json& row);

}  // namespace ropewalk
