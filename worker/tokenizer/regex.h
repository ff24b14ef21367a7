#pragma once

#include <cstddef>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A regular expression over UTF-8 with Unicode classes, run by PCRE2. Both it and the text may come
// from strangers: its length and the work of a match are limited. Const calls may run at the same
// time.
class Regex {
 public:
  // INVALID_ARGUMENT: PCRE2 cannot read the expression, or it is longer than 64 KiB.
  static absl::StatusOr<Regex> Create(absl::string_view expression);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Calls visit(begin, end) for the matches in `text`, valid UTF-8, from left to right, and stops
  // at its first error. INVALID_ARGUMENT: a match is empty, or takes too much work.
  absl::Status ForEachMatch(absl::string_view text,
                            absl::FunctionRef<absl::Status(size_t begin, size_t end)> visit) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace ropewalk
