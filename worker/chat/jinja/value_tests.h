#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "worker/chat/jinja/callable.h"

namespace ropewalk::jinja {

// The test of that name (`is defined`), or null. Tests give a Bool.
Native FindTest(absl::string_view name);
// "boolean, callable, ...": all of them, for messages.
std::string TestNames();

}  // namespace ropewalk::jinja
