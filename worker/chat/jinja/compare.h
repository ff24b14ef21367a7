#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

// Python's a == b.
absl::StatusOr<bool> Equal(Runtime& runtime, const Value& a, const Value& b, int depth = 0);
// Python's a < b. INVALID_ARGUMENT: they have no order, as 1 < 'a'.
absl::StatusOr<bool> Less(Runtime& runtime, const Value& a, const Value& b, int depth = 0);
// Python's a <= b.
absl::StatusOr<bool> LessOrEqual(Runtime& runtime, const Value& a, const Value& b);
// Python's `item in container`.
absl::StatusOr<bool> Contains(Runtime& runtime, const Value& container, const Value& item);

}  // namespace ropewalk::jinja
