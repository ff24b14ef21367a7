#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/regex.h"

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

// Calls read(part) for `part` itself or, if it is a Sequence, for what its array `items` holds, and
// stops at the first error. INVALID_ARGUMENT: more than 16 parts, or Sequences more than 4 deep;
// `what` is for the message. Throws Json::exception if there is no such array.
absl::Status ForEachPart(absl::string_view what, const Json& part, const char* items,
                         absl::FunctionRef<absl::Status(const Json&)> read);

// A text under `key`, one character or at most 256 bytes long. Throws Json::exception if there is
// no text.
absl::StatusOr<std::string> ReadCharacter(const Json& part, const char* key);
absl::StatusOr<std::string> ReadShortText(const Json& part, const char* key);

// The regular expression that {"String": ...} or {"Regex": ...} means. INVALID_ARGUMENT: another
// pattern, or the errors of Regex::Create.
absl::StatusOr<Regex> ReadPattern(const Json& pattern);

// A token's number. INVALID_ARGUMENT: not an integer, negative, or above 2^22, more than any
// vocabulary has; `name` is for the message.
absl::StatusOr<int32_t> ReadTokenId(const Json& value, absl::string_view name);

}  // namespace ropewalk
