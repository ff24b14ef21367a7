#pragma once

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"

namespace ropewalk {

// The messages of an Alpaca row: "system", if there is one; the pairs of "history"; the user's
// "instruction", with "input" on the next line unless it is empty; the assistant's "output".
// INVALID_ARGUMENT: a key is missing or has a value of another type; the message names it.
absl::StatusOr<nlohmann::ordered_json> MessagesOfAlpaca(const nlohmann::ordered_json& row);

}  // namespace ropewalk
