#pragma once

#include "absl/status/status.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// Puts the functions that templates may call into `frame`: range, namespace, dict, joiner,
// raise_exception and strftime_now.
absl::Status AddFunctions(Runtime& runtime, Frame* frame);

}  // namespace ropewalk::jinja
