#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/regex.h"

namespace ropewalk {

// Cuts text into words by regular expressions: every match is a piece, and so is what lies between
// two matches; each expression cuts the pieces of the one before it. Const calls may run at the
// same time.
class PreTokenizer {
 public:
  // GPT-2's expression, which the ByteLevel pre-tokenizer means by `use_regex`.
  static constexpr char kGpt2Regex[] =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

  // No expression: the whole text is one word. The errors of Regex::Create.
  static absl::StatusOr<PreTokenizer> Create(const std::vector<std::string>& expressions);

  // Calls `visit` with each word of `text`, valid UTF-8, in order, and stops at its first error.
  // The errors of Regex::ForEachMatch.
  absl::Status ForEachWord(absl::string_view text,
                           absl::FunctionRef<absl::Status(absl::string_view)> visit) const;

 private:
  absl::Status Cut(size_t regex, absl::string_view text,
                   absl::FunctionRef<absl::Status(absl::string_view)> visit) const;

  std::vector<Regex> regexes_;
};

}  // namespace ropewalk
