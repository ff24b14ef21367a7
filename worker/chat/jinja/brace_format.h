#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

// The method format of strings: {}, {0}, {name}, {0[key]}, {name.attribute}, !r and !s, and after a
// colon width, alignment, fill, precision and the types s, d, f, e, g, x, %. INVALID_ARGUMENT:
// anything else.
absl::StatusOr<Value> BraceFormat(Runtime& runtime, const Value& self, const Arguments& arguments);

}  // namespace ropewalk::jinja
