#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

struct Method {
  bool exists = false;
  Native function = nullptr;  // null: it would change the value, which the sandbox forbids
};

// The method of strings, dicts, lists or tuples of that name. INVALID_ARGUMENT: Python has it, but
// it is not supported.
absl::StatusOr<Method> FindMethod(const Value& object, absl::string_view name);

// Those of strings; null if there is none.
Native FindStringMethod(absl::string_view name);

}  // namespace ropewalk::jinja
