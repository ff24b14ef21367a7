#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace ropewalk {

// Parses a JSON text whose top is an object. `file` is for messages.
// INVALID_ARGUMENT: not JSON, not UTF-8, not an object, nested deeper than 64, or a key that occurs
// twice in an object.
absl::StatusOr<nlohmann::json> ParseStrictJson(absl::string_view text, absl::string_view file);

}  // namespace ropewalk
