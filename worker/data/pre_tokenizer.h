#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Cuts text into words by a regular expression, run by PCRE2 with Unicode classes: every match is a word, and so is what lies between matches.
// Const calls may run at the same time.
class PreTokenizer {
 public:
  // GPT-2's expression, which the ByteLevel pre-tokenizer means by `use_regex`.
  static constexpr char kGpt2Regex[] =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

  // An empty expression: the whole text is one word. INVALID_ARGUMENT: PCRE2 cannot read it.
  static absl::StatusOr<PreTokenizer> Create(const std::string& regex);

  PreTokenizer(PreTokenizer&&) noexcept;
  PreTokenizer& operator=(PreTokenizer&&) noexcept;
  ~PreTokenizer();

  // Calls `visit` with each word of `text`, which must be valid UTF-8. INVALID_ARGUMENT if it is not, or if a match takes too long.
  absl::Status ForEachWord(absl::string_view text, absl::FunctionRef<absl::Status(absl::string_view)> visit) const;

 private:
  struct Code;
  explicit PreTokenizer(std::unique_ptr<Code> code);

  std::unique_ptr<Code> code_;
};

}  // namespace ropewalk
