#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// The fields of a small body, which is a JSON object. Pure.

// INVALID_ARGUMENT: it is not an object, or is more than ParseLimitedJson takes.
absl::StatusOr<nlohmann::json> ParseBody(const std::string& body, size_t most_values);

// INVALID_ARGUMENT: the field is not there, or is not a text.
absl::StatusOr<std::string> RequiredText(const nlohmann::json& body, const char* field);

// Empty if the field is not a text.
std::string OptionalText(const nlohmann::json& body, const char* field);

// INVALID_ARGUMENT: the field is not there, or is not a number from 0 on.
absl::StatusOr<int64_t> RequiredSize(const nlohmann::json& body, const char* field);

using JsonReferences = std::vector<std::reference_wrapper<const nlohmann::json>>;

// The objects in an array, which belong to `body`.
// INVALID_ARGUMENT: the field is not an array of at most `most` objects.
absl::StatusOr<JsonReferences> RequiredObjects(const nlohmann::json& body, const char* field,
                                               size_t most);

}  // namespace ropewalk
