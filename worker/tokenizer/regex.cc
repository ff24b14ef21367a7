#include "worker/tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/newer_characters.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

constexpr size_t kLongestExpression = 64 << 10;

// \C would stop within a character.
constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;

std::string Message(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof(buffer));
  return reinterpret_cast<char*>(buffer);
}

PCRE2_SPTR Data(absl::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

// Room for the bounds of a match; its groups do not interest anyone.
pcre2_match_data* MatchOfThisThread() {
  thread_local const std::unique_ptr<pcre2_match_data, FreeMatch> match(
      pcre2_match_data_create(1, nullptr));
  return match.get();
}

// Finds the first match from `begin` on; PCRE2's result.
int Find(const pcre2_code* code, absl::string_view text, size_t begin, pcre2_match_data* match) {
  const auto run = [&](uint32_t options) {
    return pcre2_match(code, Data(text), text.size(), begin, options | PCRE2_NO_UTF_CHECK, match,
                       nullptr);
  };
  const int found = run(0);
  // Compiled expressions have a small stack of their own; the interpreter takes what it needs.
  return found == PCRE2_ERROR_JIT_STACKLIMIT ? run(PCRE2_NO_JIT) : found;
}

// What both libraries read, but not alike.
absl::Status CheckReadAlike(absl::string_view expression) {
  bool in_set = false;
  for (size_t i = 0; i < expression.size(); ++i) {
    const absl::string_view rest = expression.substr(i);
    const bool named_class = absl::StartsWith(rest, "[:");
    if (rest[0] == '\\') {
      ++i;
    } else if (in_set && ((rest[0] == '[' && !named_class) || absl::StartsWith(rest, "&&"))) {
      return absl::InvalidArgumentError(
          "the regular expression has a set within a set ([a[b]] or [a&&b]), which is not "
          "supported; supported: [ab]");
    } else if (absl::StartsWith(rest, "(?m") || absl::StartsWith(rest, "(?s")) {
      return absl::InvalidArgumentError(absl::StrCat("the regular expression's option ",
                                                     rest.substr(0, 3),
                                                     ") is not supported; supported: (?i)"));
    } else if (in_set && named_class) {
      i += 1;
    } else if (rest[0] == '[') {
      in_set = true;
      if (absl::StartsWith(rest.substr(1), "^")) ++i;
      if (absl::StartsWith(expression.substr(i + 1), "]")) ++i;
    } else if (rest[0] == ']' && !(i > 0 && expression[i - 1] == ':')) {
      in_set = false;
    }
  }
  return absl::OkStatus();
}

absl::Status MatchError(int found) {
  return absl::InvalidArgumentError(
      absl::StrCat("the regular expression fails on this text: ", Message(found)));
}

}  // namespace

struct Regex::Code {
  explicit Code(pcre2_code* code) : code(code) {}
  ~Code() { pcre2_code_free(code); }
  pcre2_code* const code;
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

absl::StatusOr<Regex> Regex::Create(absl::string_view expression) {
  if (expression.size() > kLongestExpression) {
    return absl::InvalidArgumentError("the regular expression is longer than 64 KiB");
  }
  RETURN_IF_ERROR(CheckReadAlike(expression));
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>(
      pcre2_compile(Data(expression), expression.size(), kOptions, &error, &offset, nullptr));
  if (code->code == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("the regular expression is wrong at byte ", offset, ": ", Message(error)));
  }
  // An expression that cannot be compiled is interpreted.
  pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
  return Regex(std::move(code));
}

std::string Regex::Escaped(absl::string_view text) {
  std::string expression;
  for (const char c : text) {
    if (absl::ascii_ispunct(static_cast<unsigned char>(c))) expression += '\\';
    expression += c;
  }
  return expression;
}

absl::Status Regex::ForEachMatch(
    absl::string_view original,
    absl::FunctionRef<absl::Status(size_t begin, size_t end)> visit) const {
  std::string storage;
  const absl::string_view text = WithStandIns(original, &storage);
  pcre2_match_data* const match = MatchOfThisThread();
  size_t last_end = text.npos;
  for (size_t begin = 0; begin <= text.size();) {
    const int found = Find(code_->code, text, begin, match);
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) return MatchError(found);
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match);
    const size_t first = bounds[0], end = bounds[1];  // the visitor may match, too
    if (first < begin || end < first) {
      return absl::InvalidArgumentError("the regular expression's match ends before it begins");
    }
    if (first == end && end == last_end) {
      begin += std::max<size_t>(1, FirstCharacter(text.substr(begin)).size());
      continue;
    }
    RETURN_IF_ERROR(visit(first, end));
    begin = last_end = end;
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
