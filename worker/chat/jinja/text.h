#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

// Python's str(value): what {{ value }} prints. Text comes back without a copy.
absl::StatusOr<Value> Str(Runtime& runtime, const Value& value);
// Appends it. INVALID_ARGUMENT: it is nested too deeply or too long.
absl::Status AppendStr(Runtime& runtime, const Value& value, std::string* out);
// Python's repr(value).
absl::Status AppendRepr(Runtime& runtime, const Value& value, std::string* out, int depth = 0);

// Python's repr of a float: the shortest digits that give it back.
std::string FloatText(double value);
// HTML's &, <, >, ' and " as references, as markupsafe writes them.
std::string Escape(absl::string_view text);

}  // namespace ropewalk::jinja
