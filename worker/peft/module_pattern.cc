#define PCRE2_CODE_UNIT_WIDTH 8
#include "worker/peft/module_pattern.h"

#include <pcre2.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {

absl::StatusOr<ModulePattern> ModulePattern::Compile(absl::string_view pattern,
                                                     absl::string_view field) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error, &offset, nullptr);
  if (code != nullptr) {
    return ModulePattern({code, [](pcre2_code* owned) { pcre2_code_free(owned); }});
  }
  PCRE2_UCHAR message[128];
  pcre2_get_error_message(error, message, sizeof(message));
  return absl::InvalidArgumentError(absl::StrCat(field, ": the pattern '", pattern,
                                                 "' is wrong at character ", offset, ": ",
                                                 reinterpret_cast<const char*>(message)));
}

absl::StatusOr<ModulePattern> ModulePattern::CompileKey(absl::string_view key,
                                                        absl::string_view field) {
  return Compile(absl::StrCat("(?:.*\\.)?(?:", key, ")"), field);
}

bool ModulePattern::Matches(absl::string_view path) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  return pcre2_match(static_cast<const pcre2_code*>(code_.get()),
                     reinterpret_cast<PCRE2_SPTR>(path.data()), path.size(), 0, 0, match.get(),
                     nullptr) >= 0;
}

}  // namespace ropewalk
