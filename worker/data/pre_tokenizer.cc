#include "worker/data/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

std::string Message(int error) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(error, buffer, sizeof(buffer));
  return reinterpret_cast<char*>(buffer);
}

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

}  // namespace

struct PreTokenizer::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }
};

PreTokenizer::PreTokenizer(std::unique_ptr<Code> code) : code_(std::move(code)) {}
PreTokenizer::PreTokenizer(PreTokenizer&&) noexcept = default;
PreTokenizer& PreTokenizer::operator=(PreTokenizer&&) noexcept = default;
PreTokenizer::~PreTokenizer() = default;

absl::StatusOr<PreTokenizer> PreTokenizer::Create(const std::string& regex) {
  auto code = std::make_unique<Code>();
  if (!regex.empty()) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(regex.data()), regex.size(), PCRE2_UTF | PCRE2_UCP, &error,
                               &offset, nullptr);
    if (code->code == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("the pre-tokenizer's expression is wrong at character ", offset, ": ", Message(error)));
    }
    pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
  }
  return PreTokenizer(std::move(code));
}

absl::Status PreTokenizer::ForEachWord(absl::string_view text,
                                       absl::FunctionRef<absl::Status(absl::string_view)> visit) const {
  if (text.empty()) return absl::OkStatus();
  if (code_->code == nullptr) return visit(text);
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create_from_pattern(code_->code, nullptr));
  size_t done = 0;
  uint32_t options = 0;
  while (done < text.size()) {
    const auto match_from_here = [&](uint32_t extra) {
      return pcre2_match(code_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), done, options | extra,
                         match.get(), nullptr);
    };
    int found = match_from_here(0);
    // Compiled expressions have a small stack of their own; the interpreter takes what the text needs.
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) found = match_from_here(PCRE2_NO_JIT);
    options = PCRE2_NO_UTF_CHECK;  // the first call checked the whole text
    if (found == PCRE2_ERROR_NOMATCH) break;
    if (found < 0) return absl::InvalidArgumentError(absl::StrCat("this text cannot be tokenised: ", Message(found)));
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    if (bounds[1] <= bounds[0]) {
      return absl::InvalidArgumentError("the pre-tokenizer's expression matches nothing at some place");
    }
    if (bounds[0] > done) RETURN_IF_ERROR(visit(text.substr(done, bounds[0] - done)));
    RETURN_IF_ERROR(visit(text.substr(bounds[0], bounds[1] - bounds[0])));
    done = bounds[1];
  }
  return done < text.size() ? visit(text.substr(done)) : absl::OkStatus();
}

}  // namespace ropewalk
