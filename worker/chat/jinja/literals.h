#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/chat/jinja/token.h"

namespace ropewalk::jinja {

// Reads the number at the start of `text` as Jinja's lexer does (1_000, 0x1F, 1e3, 2.5) into kind
// and value of `token`; kEnd if it does not fit. Returns its length, 0: there is none. After a dot
// only integers are read (`x.1`).
size_t ReadNumber(absl::string_view text, bool after_dot, Token* token);

// What the inside of a string literal stands for, with Python's escapes: \n \t \\ \' \x41 \u00e9
// \U0001f600 \101; others stay as they are. INVALID_ARGUMENT: a broken escape, one without a
// character, \N{...}.
absl::StatusOr<std::string> UndoEscapes(absl::string_view inner);

}  // namespace ropewalk::jinja
