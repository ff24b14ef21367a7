#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

// The text under `key` of a row. INVALID_ARGUMENT: it is missing or no text; the message names the
// key.
absl::StatusOr<std::string> ReadText(const nlohmann::ordered_json& row, const char* key);

// The same, and INVALID_ARGUMENT also if it is empty.
absl::StatusOr<std::string> ReadNonEmptyText(const nlohmann::ordered_json& row, const char* key);

// The same, but a key that is missing or null is the empty text.
absl::StatusOr<std::string> ReadOptionalText(const nlohmann::ordered_json& row, const char* key);

}  // namespace ropewalk
