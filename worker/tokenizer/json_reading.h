#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Small steps of reading a tokenizer.json. They hand out references, because copying a deeply
// nested value would overflow the stack.
namespace ropewalk {

using Json = nlohmann::json;

// The value under `key`; null if there is none, or if `parent` is no object.
const Json& Child(const Json& parent, const char* key);

// The "type" of a part; "none" if the part is null.
std::string TypeOf(const Json& part);

// "the PART WHAT is not supported; supported: ..."
absl::Status Unsupported(absl::string_view part, absl::string_view what,
                         absl::string_view supported);

// A token's number. INVALID_ARGUMENT: not an integer, negative, or above 2^22, more than any
// vocabulary has; `name` is for the message.
absl::StatusOr<int32_t> ReadTokenId(const Json& value, absl::string_view name);

}  // namespace ropewalk
