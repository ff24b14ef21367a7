#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A token that is looked for in the raw text, before anything else.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      // left out when decoding for people
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows white space to its left
  bool rstrip = false;       // and to its right
};

// Cuts text at added tokens. Immutable.
class AddedTokens {
 public:
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // Calls on_text for stretches of ordinary text and on_token for added tokens, in order. At each place the longest token wins.
  absl::Status Split(absl::string_view text, absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                     absl::FunctionRef<void(const AddedToken&)> on_token) const;

  // nullptr: none has this id.
  const AddedToken* ById(int32_t id) const;

  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  const AddedToken* LongestAt(absl::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;  // the longest first
  bool first_bytes_[256] = {};      // bytes with which any of them begins
};

}  // namespace ropewalk
