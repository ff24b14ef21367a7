#pragma once

#include "absl/strings/string_view.h"

namespace ropewalk {

// How deep brackets and braces lie in one another in a JSON text, those in strings not counted. To
// be asked before parsing: values nested as deep as a line allows would overflow the stack of
// whoever copies them. For other text, some number.
int JsonDepth(absl::string_view json);

}  // namespace ropewalk
