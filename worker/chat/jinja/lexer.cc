#include "worker/chat/jinja/lexer.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/literals.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Token::Kind;

class Lexer {
 public:
  Lexer(absl::string_view source, std::deque<std::string>* strings)
      : source_(source), strings_(*strings) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (at_ < source_.size()) RETURN_IF_ERROR(ReadTextAndTag());
    Add(Kind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  absl::Status ReadTextAndTag();
  absl::Status SkipComment();
  absl::StatusOr<bool> ReadRaw(size_t tag);
  absl::Status ReadTag(Kind begin, Kind end, absl::string_view closing);
  absl::StatusOr<bool> ReadTagEnd(Kind end, absl::string_view closing);
  absl::Status ReadToken();
  absl::Status ReadString();
  bool ReadOperator();
  void ReadName();

  void AddText(size_t begin, size_t end, char sign, bool is_variable);
  void Add(Kind kind, absl::string_view text);
  void MoveTo(size_t position);
  void SkipSpaces();
  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", what));
  }
  absl::string_view Rest() const { return source_.substr(at_); }

  const absl::string_view source_;
  std::deque<std::string>& strings_;
  size_t at_ = 0;
  int line_ = 1;
  std::string brackets_;  // open ones
  std::vector<Token> tokens_;
};

void Lexer::Add(Kind kind, absl::string_view text) {
  Token token;
  token.kind = kind;
  token.line = line_;
  token.text = text;
  tokens_.push_back(token);
}

void Lexer::MoveTo(size_t position) {
  line_ += std::count(source_.begin() + at_, source_.begin() + position, '\n');
  at_ = position;
}

void Lexer::SkipSpaces() { MoveTo(source_.size() - StripStart(Rest()).size()); }

// The text in front of a tag, less what the tag takes of it.
void Lexer::AddText(size_t begin, size_t end, char sign, bool is_variable) {
  absl::string_view text = source_.substr(begin, end - begin);
  if (sign == '-') {
    text = StripEnd(text);
  } else if (sign != '+' && !is_variable) {
    const size_t newline = text.rfind('\n');
    const size_t line = newline == text.npos ? 0 : newline + 1;
    const bool starts_line = line > 0 || begin == 0 || source_[begin - 1] == '\n';
    if (starts_line && StripStart(text.substr(line)).empty()) text = text.substr(0, line);
  }
  if (!text.empty()) Add(Kind::kText, text);
}

char SignAt(absl::string_view source, size_t at) {
  return at < source.size() && (source[at] == '-' || source[at] == '+') ? source[at] : '\0';
}

absl::Status Lexer::ReadTextAndTag() {
  size_t tag = source_.find('{', at_);
  while (tag != source_.npos &&
         (tag + 1 == source_.size() || !absl::StrContains("{%#", source_[tag + 1]))) {
    tag = source_.find('{', tag + 1);
  }
  if (tag == source_.npos) {
    Add(Kind::kText, Rest());
    MoveTo(source_.size());
    return absl::OkStatus();
  }
  const char kind = source_[tag + 1];
  const char sign = SignAt(source_, tag + 2);
  AddText(at_, tag, sign, kind == '{');
  if (kind == '%') {
    ASSIGN_OR_RETURN(const bool raw, ReadRaw(tag));
    if (raw) return absl::OkStatus();
  }
  MoveTo(tag + 2 + (sign != '\0'));
  if (kind == '#') return SkipComment();
  if (kind == '{') return ReadTag(Kind::kVariableBegin, Kind::kVariableEnd, "}}");
  return ReadTag(Kind::kBlockBegin, Kind::kBlockEnd, "%}");
}

absl::Status Lexer::SkipComment() {
  const size_t end = source_.find("#}", at_);
  if (end == source_.npos) return Error("the comment is not closed by '#}'");
  const char sign = end > at_ ? source_[end - 1] : '\0';
  MoveTo(end + 2);
  if (sign == '-') {
    SkipSpaces();
  } else if (sign != '+' && absl::StartsWith(Rest(), "\n")) {
    MoveTo(at_ + 1);
  }
  return absl::OkStatus();
}

// The end of "{%- name -%}" at the start of `text`, npos if it is none; `sign` is the closing one.
size_t EndOfSimpleTag(absl::string_view text, absl::string_view name, bool plus, char* sign) {
  absl::string_view rest = text.substr(2);
  if (SignAt(rest, 0) != '\0') rest.remove_prefix(1);
  rest = StripStart(rest);
  if (!absl::StartsWith(rest, name)) return text.npos;
  rest = StripStart(rest.substr(name.size()));
  *sign = SignAt(rest, 0);
  if (*sign == '+' && !plus) return text.npos;
  if (*sign != '\0') rest.remove_prefix(1);
  if (!absl::StartsWith(rest, "%}")) return text.npos;
  return text.size() - rest.size() + 2;
}

absl::StatusOr<bool> Lexer::ReadRaw(size_t tag) {
  char sign = '\0';
  const size_t length = EndOfSimpleTag(source_.substr(tag), "raw", false, &sign);
  if (length == source_.npos) return false;
  MoveTo(tag + length);
  if (sign == '-') SkipSpaces();
  for (size_t end = source_.find("{%", at_); end != source_.npos;
       end = source_.find("{%", end + 1)) {
    const size_t end_length = EndOfSimpleTag(source_.substr(end), "endraw", true, &sign);
    if (end_length == source_.npos) continue;
    AddText(at_, end, SignAt(source_, end + 2), false);
    MoveTo(end + end_length);
    if (sign == '-') SkipSpaces();
    if (sign == '\0' && absl::StartsWith(Rest(), "\n")) MoveTo(at_ + 1);
    return true;
  }
  return Error("'raw' is not closed by 'endraw'");
}

absl::Status Lexer::ReadTag(Kind begin, Kind end, absl::string_view closing) {
  Add(begin, {});
  while (true) {
    if (brackets_.empty()) {
      ASSIGN_OR_RETURN(const bool ended, ReadTagEnd(end, closing));
      if (ended) return absl::OkStatus();
    }
    SkipSpaces();
    if (at_ == source_.size()) return Error(absl::StrCat("a tag is not closed by '", closing, "'"));
    if (brackets_.empty()) {
      ASSIGN_OR_RETURN(const bool ended, ReadTagEnd(end, closing));
      if (ended) return absl::OkStatus();
    }
    RETURN_IF_ERROR(ReadToken());
  }
}

absl::StatusOr<bool> Lexer::ReadTagEnd(Kind end, absl::string_view closing) {
  const char sign = SignAt(source_, at_);
  const bool signed_end = sign != '\0' && absl::StartsWith(source_.substr(at_ + 1), closing) &&
                          (sign == '-' || end == Kind::kBlockEnd);
  if (!signed_end && !absl::StartsWith(Rest(), closing)) return false;
  Add(end, {});
  MoveTo(at_ + closing.size() + signed_end);
  if (signed_end && sign == '-') {
    SkipSpaces();
  } else if (!signed_end && end == Kind::kBlockEnd && absl::StartsWith(Rest(), "\n")) {
    MoveTo(at_ + 1);
  }
  return true;
}

absl::Status Lexer::ReadToken() {
  const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';
  Token number;
  number.line = line_;
  if (const size_t length = ReadNumber(Rest(), after_dot, &number); length > 0) {
    if (number.kind == Kind::kEnd) return Error("a number is too large");
    tokens_.push_back(number);
    MoveTo(at_ + length);
    return absl::OkStatus();
  }
  size_t next = at_;
  const char32_t character = NextCharacter(source_, &next);
  if (IsWord(character)) {
    ReadName();
    return absl::OkStatus();
  }
  if (character == '\'' || character == '"') return ReadString();
  if (ReadOperator()) return absl::OkStatus();
  return Error(absl::StrCat("'", source_.substr(at_, next - at_), "' is unexpected"));
}

void Lexer::ReadName() {
  size_t end = at_;
  while (end < source_.size()) {
    size_t next = end;
    if (!IsWord(NextCharacter(source_, &next))) break;
    end = next;
  }
  Add(Kind::kName, source_.substr(at_, end - at_));
  MoveTo(end);
}

absl::Status Lexer::ReadString() {
  const char quote = source_[at_];
  size_t end = at_ + 1;
  while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
  if (end >= source_.size()) return Error("a string is not closed");
  const absl::string_view inner = source_.substr(at_ + 1, end - at_ - 1);
  if (inner.find('\\') == inner.npos) {
    Add(Kind::kString, inner);
  } else {
    absl::StatusOr<std::string> text = UndoEscapes(inner);
    if (!text.ok()) return Error(text.status().message());
    Add(Kind::kString, strings_.emplace_back(*std::move(text)));
  }
  MoveTo(end + 1);
  return absl::OkStatus();
}

bool Lexer::ReadOperator() {
  static constexpr absl::string_view kOperators[] = {
      "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
      "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};
  for (const absl::string_view name : kOperators) {
    if (!absl::StartsWith(Rest(), name)) continue;
    if (absl::StrContains("([{", name)) brackets_ += name == "(" ? ')' : name == "[" ? ']' : '}';
    if (absl::StrContains(")]}", name)) {
      if (brackets_.empty() || brackets_.back() != name[0]) return false;
      brackets_.pop_back();
    }
    Add(Kind::kOperator, name);
    MoveTo(at_ + name.size());
    return true;
  }
  return false;
}

}  // namespace

std::string NormalizeNewlines(absl::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

absl::StatusOr<std::vector<Token>> Tokenize(absl::string_view source,
                                            std::deque<std::string>* strings) {
  return Lexer(source, strings).Run();
}

}  // namespace ropewalk::jinja
