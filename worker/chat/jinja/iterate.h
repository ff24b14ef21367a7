#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/value.h"

namespace ropewalk::jinja {

// What Python's iter(value) goes through: items, a dict's keys, a string's characters, what is left
// in a generator, nothing of what is undefined. INVALID_ARGUMENT: it cannot be gone through, or a
// generator fails on its way.
absl::StatusOr<std::vector<Value>> Iterate(Runtime& runtime, const Value& value);
// The same, but a generator's failure is put into `failure`, for who comes that far.
absl::StatusOr<std::vector<Value>> Iterate(Runtime& runtime, const Value& value,
                                           absl::Status* failure);
bool IsIterable(const Value& value);

// Python's len(value).
absl::StatusOr<int64_t> Length(Runtime& runtime, const Value& value);

// Whether Python takes it as a dict's key. INVALID_ARGUMENT otherwise.
absl::Status CheckHashable(const Value& value, int depth = 0);

}  // namespace ropewalk::jinja
