#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/chat/jinja/ast.h"

namespace ropewalk::jinja {

// Parses a template. INVALID_ARGUMENT, "line N: ...": it is not valid UTF-8 or too long, breaks the
// grammar, or uses what is not supported, which is named.
absl::StatusOr<std::unique_ptr<const Ast>> Parse(absl::string_view source);

}  // namespace ropewalk::jinja
