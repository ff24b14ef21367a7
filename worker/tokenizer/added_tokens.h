#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/byte_trie.h"

namespace ropewalk {

// A token that is looked for in the text itself, before it is cut into words.
struct AddedToken {
  std::string content;
  int32_t id = 0;
  bool special = false;      // left out when decoding
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows white space to its left
  bool rstrip = false;       // and to its right
  bool normalized = false;   // looked for after normalisation, in what the others leave over
  std::string normal_form;   // of the content, if it is another, and `normalized`
};

// Cuts text at added tokens. Const calls may run at the same time.
class AddedTokens {
 public:
  // A part of the text, bytes [begin, end). nullptr: no token.
  using OnPart = absl::FunctionRef<absl::Status(size_t begin, size_t end, const AddedToken* token)>;

  // REQUIRES: no content is empty.
  explicit AddedTokens(std::vector<AddedToken> tokens);

  // Calls on_part for the parts of the original text, in order, and stops at its first error. Looks
  // for the tokens that are not `normalized`. At each place the longest wins. REQUIRES: valid
  // UTF-8.
  absl::Status SplitOriginal(absl::string_view text, OnPart on_part) const {
    return Split(original_, text, on_part);
  }

  // The same for a normalised part, and for the tokens that are.
  absl::Status SplitNormalized(absl::string_view text, OnPart on_part) const {
    return Split(normalized_, text, on_part);
  }

  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  absl::Status Split(const ByteTrie& trie, absl::string_view text, OnPart on_part) const;

  std::vector<AddedToken> tokens_;
  ByteTrie original_, normalized_;  // to places in tokens_
};

}  // namespace ropewalk
