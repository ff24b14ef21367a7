#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A token that is looked for in the text itself, before it is cut into words.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      // left out when decoding
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows white space to its left
  bool rstrip = false;       // and to its right
  bool normalized = false;   // looked for only in what the tokens without this flag leave over
};

// Cuts text at added tokens. Const calls may run at the same time.
class AddedTokens {
 public:
  // REQUIRES: no content is empty.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  AddedTokens(AddedTokens&&) = default;
  AddedTokens& operator=(AddedTokens&&) = default;

  // Calls on_text for stretches of ordinary text and on_token for added tokens, in order, and stops
  // at on_text's first error. At each place the longest token wins. REQUIRES: valid UTF-8.
  absl::Status Split(absl::string_view text,
                     absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                     absl::FunctionRef<void(const AddedToken&)> on_token) const;

  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  // The tokens of one pass, the longest first; they point into tokens_.
  struct Pass {
    std::vector<const AddedToken*> tokens;
    bool first_bytes[256] = {};  // bytes with which any of them begins

    const AddedToken* LongestAt(absl::string_view text) const;
    absl::Status Split(absl::string_view text,
                       absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                       absl::FunctionRef<void(const AddedToken&)> on_token) const;
  };

  static Pass PassOf(const std::vector<AddedToken>& tokens, bool normalized);

  std::vector<AddedToken> tokens_;
  Pass raw_;
  Pass normalized_;
};

}  // namespace ropewalk
