#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A regular expression over UTF-8 with Unicode classes, run by PCRE2 and read as Oniguruma, the
// tokenizers library's, does: ^ and $ mean lines, \p{...} is of Unicode 16. Both it and the text
// may come from strangers: its length and the work of a match are limited. Const calls may run at
// the same time.
class Regex {
 public:
  // INVALID_ARGUMENT: PCRE2 cannot read the expression, would read it otherwise than Oniguruma
  // (sets within sets, (?m) and (?s)), or it is longer than 64 KiB.
  static absl::StatusOr<Regex> Create(absl::string_view expression);

  // An expression that matches `text` and nothing else.
  static std::string Escaped(absl::string_view text);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Calls visit(begin, end) for the matches in `text`, valid UTF-8, from left to right, and stops
  // at its first error. A match may be empty, but not at the end of the one before it.
  // INVALID_ARGUMENT: a match takes too much work.
  absl::Status ForEachMatch(absl::string_view text,
                            absl::FunctionRef<absl::Status(size_t begin, size_t end)> visit) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace ropewalk
