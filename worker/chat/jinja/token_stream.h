#pragma once

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/chat/jinja/limits.h"
#include "worker/chat/jinja/token.h"

namespace ropewalk::jinja {

// The tokens of a template while they are parsed. `tokens` ends with kEnd.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& current() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  int line() const { return current().line; }
  // Returns the current token and goes on; stays at the end.
  Token Take();
  bool SkipName(absl::string_view name);
  bool SkipOperator(absl::string_view name);
  // INVALID_ARGUMENT: the current token is another.
  absl::Status Expect(Token::Kind kind, absl::string_view what);
  absl::Status ExpectOperator(absl::string_view name);
  absl::Status ExpectName(absl::string_view name);

  // "line N: what", with the line of the current token.
  absl::Status Error(absl::string_view what) const;
  // "line N: 'x' is unexpected".
  absl::Status Unexpected() const;

  // Counts how deeply the syntax is nested.
  absl::Status Enter();
  void Leave() { --depth_; }

 private:
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace ropewalk::jinja
