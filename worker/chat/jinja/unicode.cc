#include "worker/chat/jinja/unicode.h"

#include <clocale>
#include <cwctype>

namespace ropewalk::jinja {
namespace {

// The C library's tables of characters; the locale that Debian has built in.
locale_t Characters() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

wint_t Wide(char32_t character) { return static_cast<wint_t>(character); }

bool IsCased(char32_t c) {
  return iswupper_l(Wide(c), Characters()) || iswlower_l(Wide(c), Characters());
}

void AppendUpper(char32_t c, std::string* out) {
  if (c == 0xDF) {
    *out += "SS";
  } else {
    AppendUtf8(towupper_l(Wide(c), Characters()), out);
  }
}

void AppendTitle(char32_t c, std::string* out) {
  if (c == 0xDF) {
    *out += "Ss";
  } else {
    AppendUpper(c, out);
  }
}

void AppendLower(char32_t c, std::string* out) {
  AppendUtf8(towlower_l(Wide(c), Characters()), out);
}

bool Among(char32_t character, absl::string_view characters) {
  for (size_t at = 0; at < characters.size();) {
    if (NextCharacter(characters, &at) == character) return true;
  }
  return false;
}

// Where the last character before `end` begins.
size_t Previous(absl::string_view text, size_t end) {
  do {
    --end;
  } while (end > 0 && (text[end] & 0xC0) == 0x80);
  return end;
}

template <typename Predicate>
absl::string_view DropStart(absl::string_view text, Predicate drop) {
  while (!text.empty()) {
    size_t at = 0;
    if (!drop(NextCharacter(text, &at))) break;
    text.remove_prefix(at);
  }
  return text;
}

template <typename Predicate>
absl::string_view DropEnd(absl::string_view text, Predicate drop) {
  while (!text.empty()) {
    const size_t begin = Previous(text, text.size());
    size_t at = begin;
    if (!drop(NextCharacter(text, &at))) break;
    text = text.substr(0, begin);
  }
  return text;
}

}  // namespace

char32_t NextCharacter(absl::string_view utf8, size_t* at) {
  const unsigned char first = utf8[(*at)++];
  if (first < 0xC0) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  char32_t character = first & (0x3F >> more);
  for (int i = 0; i < more && *at < utf8.size(); ++i) {
    character = character << 6 | (utf8[(*at)++] & 0x3F);
  }
  return character;
}

void AppendUtf8(char32_t c, std::string* out) {
  if (c < 0x80) {
    *out += static_cast<char>(c);
  } else if (c < 0x800) {
    *out += static_cast<char>(0xC0 | c >> 6);
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *out += static_cast<char>(0xE0 | c >> 12);
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out += static_cast<char>(0xF0 | c >> 18);
    *out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool IsUtf8(absl::string_view bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const size_t begin = at;
    const unsigned char first = bytes[at];
    if (first >= 0x80 && (first < 0xC2 || first > 0xF4)) return false;
    const char32_t c = NextCharacter(bytes, &at);
    std::string again;
    if (first >= 0x80) AppendUtf8(c, &again);
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return false;
    if (first >= 0x80 && again != bytes.substr(begin, at - begin)) return false;
  }
  return true;
}

size_t CharacterCount(absl::string_view utf8) {
  size_t count = 0;
  for (const char byte : utf8) count += (byte & 0xC0) != 0x80;
  return count;
}

std::vector<size_t> CharacterOffsets(absl::string_view utf8) {
  std::vector<size_t> offsets;
  offsets.reserve(utf8.size() + 1);
  for (size_t i = 0; i < utf8.size(); ++i) {
    if ((utf8[i] & 0xC0) != 0x80) offsets.push_back(i);
  }
  offsets.push_back(utf8.size());
  return offsets;
}

bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

bool IsDigit(char32_t c) { return c < 0x80 ? c >= '0' && c <= '9' : false; }

bool IsAlpha(char32_t c) {
  if (c < 0x80) return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
  return iswalpha_l(Wide(c), Characters()) != 0;
}

bool IsPrintable(char32_t c) {
  if (c < 0x80) return c >= 0x20 && c < 0x7F;
  const bool format_or_private = c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
                                 (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
                                 c == 0xFEFF || (c >= 0xE000 && c <= 0xF8FF) || c >= 0xE0000 ||
                                 (c >= 0xFFF9 && c <= 0xFFFB) || c == 0x180E || c == 0x61C ||
                                 (c >= 0x600 && c <= 0x605) || c == 0x6DD || c == 0x70F;
  return !IsSpace(c) && !format_or_private && iswprint_l(Wide(c), Characters()) != 0;
}

bool IsWord(char32_t c) { return c == '_' || IsDigit(c) || IsAlpha(c); }

absl::string_view StripStart(absl::string_view text) { return DropStart(text, IsSpace); }
absl::string_view StripEnd(absl::string_view text) { return DropEnd(text, IsSpace); }

absl::string_view StripStart(absl::string_view text, absl::string_view characters) {
  return DropStart(text, [=](char32_t c) { return Among(c, characters); });
}

absl::string_view StripEnd(absl::string_view text, absl::string_view characters) {
  return DropEnd(text, [=](char32_t c) { return Among(c, characters); });
}

std::string Upper(absl::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) AppendUpper(NextCharacter(text, &at), &out);
  return out;
}

std::string Lower(absl::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) AppendLower(NextCharacter(text, &at), &out);
  return out;
}

std::string Capitalize(absl::string_view text) {
  std::string out;
  if (text.empty()) return out;
  size_t at = 0;
  AppendTitle(NextCharacter(text, &at), &out);
  return out + Lower(text.substr(at));
}

std::string Title(absl::string_view text) {
  std::string out;
  bool in_word = false;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = NextCharacter(text, &at);
    in_word ? AppendLower(c, &out) : AppendTitle(c, &out);
    in_word = IsCased(c);
  }
  return out;
}

}  // namespace ropewalk::jinja
