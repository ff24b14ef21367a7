#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// As Jinja's sandbox: a method or attribute of the value, then what a dict holds under that name,
// then undefined. Methods that would change a value are undefined too. INVALID_ARGUMENT: the value
// is undefined itself, or Python has such a method and it is not supported here.
absl::StatusOr<Value> GetAttribute(Runtime& runtime, const Value& object, absl::string_view name);
// What a dict or list holds there, then as GetAttribute, then undefined.
absl::StatusOr<Value> GetItem(Runtime& runtime, const Value& object, const Value& key);
// object[begin:end:step], where each may be absent or None. INVALID_ARGUMENT: it has no slices.
absl::StatusOr<Value> GetSlice(Runtime& runtime, const Value& object, const Value& begin,
                               const Value& end, const Value& step);
// As GetItem for each part of "a.b.0": what filters' `attribute` arguments mean. What comes out
// undefined becomes `otherwise`, unless that is absent or None.
absl::StatusOr<Value> GetPath(Runtime& runtime, const Value& object, const Value& path,
                              const Value& otherwise = Value::Absent());

}  // namespace ropewalk::jinja
