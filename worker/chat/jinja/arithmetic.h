#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/ast.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// Python's + - * / // % ** of numbers, strings, lists and tuples. INVALID_ARGUMENT: not for these
// types, a division by zero, an integer beyond 64 bits (Python's have no end).
absl::StatusOr<Value> Arithmetic(Runtime& runtime, Binary::Op op, const Value& a, const Value& b);
absl::StatusOr<Value> Negative(const Value& value);
absl::StatusOr<Value> Positive(const Value& value);

}  // namespace ropewalk::jinja
