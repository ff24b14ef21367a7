#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// JSON from who knows whom. To destroy or write a tree takes stack for each level of it, and a
// short text can become a large tree. Pure.

// What is no JSON, or is nested more than 100 deep, is_discarded(). For texts that have a reason to
// be large, from who is trusted not to fill the memory.
nlohmann::json ParseJson(absl::string_view text);

// What a text may hold that has no reason to hold much; a value takes up to 100 bytes of memory.
constexpr size_t kFewJsonValues = 10'000;

// INVALID_ARGUMENT: it is not JSON, is nested more than 100 deep, or has more than `most_values`
// values and keys.
absl::StatusOr<nlohmann::json> ParseLimitedJson(absl::string_view text, size_t most_values);

}  // namespace ropewalk
