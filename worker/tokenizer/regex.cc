#include "worker/tokenizer/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kLongestExpression = 64 << 10;

// \C would stop within a character.
constexpr uint32_t kOptions = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;

std::string Message(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof(buffer));
  return reinterpret_cast<char*>(buffer);
}

PCRE2_SPTR Data(absl::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
using Match = std::unique_ptr<pcre2_match_data, FreeMatch>;

// U+180E has not been white space since Unicode 6.3, but PCRE2's \s still has it. So U+200B, which
// is of the same category and length, stands in for it.
constexpr absl::string_view kOldSpace = "\xE1\xA0\x8E", kStandIn = "\xE2\x80\x8B";

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

absl::Status Regex::ForEachMatch(
    absl::string_view text, absl::FunctionRef<absl::Status(size_t begin, size_t end)> visit) const {
  std::string replaced;
  if (absl::StrContains(text, kOldSpace)) {
    replaced = absl::StrReplaceAll(text, {{kOldSpace, kStandIn}});
    text = replaced;
  }
  const Match match(pcre2_match_data_create_from_pattern(code_->code, nullptr));
  for (size_t begin = 0; begin < text.size();) {
    const int found = Find(code_->code, text, begin, match.get());
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the regular expression fails on this text: ", Message(found)));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[0] < begin || bounds[1] <= bounds[0]) {
      return absl::InvalidArgumentError("the regular expression matches the empty text");
    }
    RETURN_IF_ERROR(visit(bounds[0], bounds[1]));
    begin = bounds[1];
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
