#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

// The filter tojson as transformers defines it: Python's json.dumps with ensure_ascii=False, and
// the arguments ensure_ascii, indent, separators and sort_keys.
absl::StatusOr<Value> ToJson(Runtime& runtime, const Value& self, const Arguments& arguments);

}  // namespace ropewalk::jinja
