#include "worker/chat/jinja/literals.h"

#include <charconv>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

// Length of (digit _?)* digit at `at`.
size_t DigitsAt(absl::string_view text, size_t at, bool (*is_digit)(unsigned char)) {
  size_t end = at;
  while (end < text.size()) {
    if (is_digit(text[end])) {
      ++end;
    } else if (text[end] == '_' && end > at && end + 1 < text.size() && is_digit(text[end + 1])) {
      ++end;
    } else {
      break;
    }
  }
  return end - at;
}

bool IsDecimal(unsigned char c) { return absl::ascii_isdigit(c); }
bool IsHex(unsigned char c) { return absl::ascii_isxdigit(c); }
bool IsOctal(unsigned char c) { return c >= '0' && c <= '7'; }
bool IsBinary(unsigned char c) { return c == '0' || c == '1'; }
bool IsZero(unsigned char c) { return c == '0'; }

std::string WithoutUnderscores(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_') out += c;
  }
  return out;
}

// The length of a float's text, 0 if there is no fraction and no exponent.
size_t FloatLength(absl::string_view text) {
  const size_t whole = DigitsAt(text, 0, IsDecimal);
  if (whole == 0) return 0;
  size_t end = whole;
  if (end < text.size() && text[end] == '.') {
    const size_t fraction = DigitsAt(text, end + 1, IsDecimal);
    if (fraction > 0) end += 1 + fraction;
  }
  if (end < text.size() && (text[end] | 0x20) == 'e') {
    size_t digits = end + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    const size_t exponent = DigitsAt(text, digits, IsDecimal);
    if (exponent > 0) end = digits + exponent;
  }
  return end == whole ? 0 : end;
}

size_t IntegerLength(absl::string_view text, int* base) {
  *base = 10;
  if (text.size() > 2 && text[0] == '0') {
    const char letter = text[1] | 0x20;
    *base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    if (*base != 10) {
      const size_t begin = text[2] == '_' ? 3 : 2;
      const size_t digits = DigitsAt(text, begin,
                                     *base == 16  ? IsHex
                                     : *base == 8 ? IsOctal
                                                  : IsBinary);
      if (digits > 0) return begin + digits;
      *base = 10;
    }
  }
  if (text.empty()) return 0;
  return DigitsAt(text, 0, text[0] == '0' ? IsZero : IsDecimal);
}

absl::StatusOr<size_t> AppendCode(absl::string_view text, size_t digits, std::string* out) {
  uint32_t code = 0;
  const absl::string_view hex = text.substr(0, digits);
  const auto result = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
  if (hex.size() < digits || result.ptr != hex.data() + digits) {
    return absl::InvalidArgumentError(absl::StrCat("an escape in a string lacks digits"));
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    return absl::InvalidArgumentError("an escape in a string is no character");
  }
  AppendUtf8(code, out);
  return digits;
}

// Undoes the escape whose backslash is in front of `text`; returns how much of it that took.
absl::StatusOr<size_t> UndoEscape(absl::string_view text, std::string* out) {
  static constexpr absl::string_view kNames = "\n\\'\"abfnrtv";
  static constexpr absl::string_view kMeanings("\0\\'\"\a\b\f\n\r\t\v", 11);
  const char c = text[0];
  if (c == '\n') return 1;
  if (const size_t which = kNames.find(c); which != kNames.npos) {
    *out += kMeanings[which];
    return 1;
  }
  if (IsOctal(c)) {
    uint32_t code = 0;
    size_t length = 0;
    for (; length < 3 && length < text.size() && IsOctal(text[length]); ++length) {
      code = code * 8 + (text[length] - '0');
    }
    AppendUtf8(code, out);
    return length;
  }
  if (c == 'N') return absl::InvalidArgumentError("escapes \\N{...} are not supported");
  if (c == 'x' || c == 'u' || c == 'U') {
    ASSIGN_OR_RETURN(const size_t digits, AppendCode(text.substr(1),
                                                     c == 'x'   ? 2
                                                     : c == 'u' ? 4
                                                                : 8,
                                                     out));
    return 1 + digits;
  }
  *out += '\\';
  return 0;
}

}  // namespace

size_t ReadNumber(absl::string_view text, bool after_dot, Token* token) {
  if (const size_t length = after_dot ? 0 : FloatLength(text); length > 0) {
    token->text = text.substr(0, length);
    const std::string digits = WithoutUnderscores(token->text);
    token->kind =
        absl::SimpleAtod(digits, &token->number) ? Token::Kind::kFloat : Token::Kind::kEnd;
    return length;
  }
  int base = 10;
  const size_t length = IntegerLength(text, &base);
  if (length == 0) return 0;
  token->text = text.substr(0, length);
  const std::string digits = WithoutUnderscores(token->text.substr(base == 10 ? 0 : 2));
  const auto end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, token->integer, base);
  token->kind = result.ec == std::errc() ? Token::Kind::kInteger : Token::Kind::kEnd;
  return length;
}

absl::StatusOr<std::string> UndoEscapes(absl::string_view inner) {
  std::string out;
  for (size_t i = 0; i < inner.size();) {
    if (inner[i] != '\\') {
      out += inner[i++];
      continue;
    }
    ASSIGN_OR_RETURN(const size_t length, UndoEscape(inner.substr(i + 1), &out));
    i += 1 + length;
  }
  return out;
}

}  // namespace ropewalk::jinja
