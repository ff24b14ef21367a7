#include "worker/chat/jinja/token_stream.h"

namespace ropewalk::jinja {
namespace {

absl::string_view Describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kText:
      return "text";
    case Token::Kind::kVariableBegin:
      return "{{";
    case Token::Kind::kVariableEnd:
      return "}}";
    case Token::Kind::kBlockBegin:
      return "{%";
    case Token::Kind::kBlockEnd:
      return "%}";
    case Token::Kind::kEnd:
      return "the end of the template";
    default:
      return token.text.substr(0, 40);
  }
}

}  // namespace

Token TokenStream::Take() {
  const Token token = current();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool TokenStream::SkipName(absl::string_view name) {
  if (!current().IsName(name)) return false;
  Take();
  return true;
}

bool TokenStream::SkipOperator(absl::string_view name) {
  if (!current().IsOperator(name)) return false;
  Take();
  return true;
}

absl::Status TokenStream::Expect(Token::Kind kind, absl::string_view what) {
  if (current().kind != kind) {
    return Error(absl::StrCat("'", what, "' is expected here, not '", Describe(current()), "'"));
  }
  Take();
  return absl::OkStatus();
}

absl::Status TokenStream::ExpectOperator(absl::string_view name) {
  if (SkipOperator(name)) return absl::OkStatus();
  return Error(absl::StrCat("'", name, "' is expected here, not '", Describe(current()), "'"));
}

absl::Status TokenStream::ExpectName(absl::string_view name) {
  if (SkipName(name)) return absl::OkStatus();
  return Error(absl::StrCat("'", name, "' is expected here, not '", Describe(current()), "'"));
}

absl::Status TokenStream::Error(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat("line ", line(), ": ", what));
}

absl::Status TokenStream::Unexpected() const {
  return Error(absl::StrCat("'", Describe(current()), "' is unexpected"));
}

absl::Status TokenStream::Enter() {
  if (++depth_ <= kMaxSyntaxDepth) return absl::OkStatus();
  return Error(absl::StrCat("the syntax is nested more than ", kMaxSyntaxDepth, " deep"));
}

}  // namespace ropewalk::jinja
