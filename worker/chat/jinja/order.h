#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// The indices of `keys` in Python's order of sorted(): stable, also when reversed.
// INVALID_ARGUMENT: two of them have no order.
absl::StatusOr<std::vector<size_t>> SortedOrder(Runtime& runtime, const std::vector<Value>& keys,
                                                bool reverse);

// What filters compare: strings in small letters unless `case_sensitive`.
absl::StatusOr<Value> CaseKey(Runtime& runtime, const Value& value, bool case_sensitive);

}  // namespace ropewalk::jinja
