#pragma once

#include <deque>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/chat/jinja/token.h"

namespace ropewalk::jinja {

// What Jinja reads of a file: one way of ending lines, and no newline at the end.
std::string NormalizeNewlines(absl::string_view source);

// Cuts a normalised template into tokens, the last of them kEnd, as Jinja does with trim_blocks and
// lstrip_blocks: the newline after a block's tag and the spaces before it are not text; - and + in
// tags ask for more and less of that. Tokens point into `source` and `strings`, where strings with
// escapes are put. INVALID_ARGUMENT, "line N: ...": a tag, string or bracket is not closed, or a
// character means nothing.
absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view source,
                                            std::deque<std::string>* strings);

}  // namespace ropewalk::jinja
