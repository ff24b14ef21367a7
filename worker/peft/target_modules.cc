#define PCRE2_CODE_UNIT_WIDTH 8
#include "worker/peft/target_modules.h"

#include <pcre2.h>

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Matcher = std::function<bool(const std::string& name)>;

constexpr absl::string_view kRegexPrefix = "regex:";
constexpr char kAllLinear[] = "all-linear";

std::string LastName(const std::string& path) { return path.substr(path.rfind('.') + 1); }

std::string KnownNames(const std::vector<LinearPlace>& places) {
  std::set<std::string> names;
  for (const LinearPlace& place : places) names.insert(LastName(place.name));
  return absl::StrJoin(names, ", ");
}

// Matches whole names. Backtracking without end is cut off by PCRE2's match limit and counts as no
// match.
absl::StatusOr<Matcher> RegexMatcher(absl::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  std::shared_ptr<pcre2_code> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                    PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &error, &offset, nullptr),
      pcre2_code_free);
  if (code == nullptr) {
    PCRE2_UCHAR message[128];
    pcre2_get_error_message(error, message, sizeof(message));
    return absl::InvalidArgumentError(absl::StrCat("target_modules: the pattern '", pattern,
                                                   "' is wrong at character ", offset, ": ",
                                                   reinterpret_cast<const char*>(message)));
  }
  return Matcher([code](const std::string& name) {
    const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
        pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
    return pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                       match.get(), nullptr) >= 0;
  });
}

absl::StatusOr<Matcher> MatcherOf(const std::string& target, size_t target_count) {
  const bool is_regex = absl::StartsWith(target, kRegexPrefix);
  if ((is_regex || target == kAllLinear) && target_count > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("target_modules: '", target, "' must be the only one"));
  }
  if (is_regex) return RegexMatcher(absl::StripPrefix(target, kRegexPrefix));
  if (target == kAllLinear) return Matcher([](const std::string&) { return true; });
  return Matcher([target](const std::string& name) {
    return name == target || absl::EndsWith(name, "." + target);
  });
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> SelectPlaces(const std::vector<LinearPlace>& places,
                                                  const std::vector<std::string>& targets) {
  if (targets.empty()) return absl::InvalidArgumentError("target_modules: the list is empty");
  std::set<int64_t> selected;
  for (const std::string& target : targets) {
    ASSIGN_OR_RETURN(const Matcher matches, MatcherOf(target, targets.size()));
    bool found = false;
    for (size_t place = 0; place < places.size(); ++place) {
      if (!matches(places[place].name)) continue;
      selected.insert(static_cast<int64_t>(place));
      found = true;
    }
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat("target_modules: no linear layer matches '",
                                                     target, "'; there are ", KnownNames(places)));
    }
  }
  return std::vector<int64_t>(selected.begin(), selected.end());
}

std::vector<std::string> TargetsOf(const std::vector<LinearPlace>& places,
                                   const std::vector<int64_t>& selected) {
  std::map<std::string, int64_t> left_out;
  for (const LinearPlace& place : places) ++left_out[LastName(place.name)];
  for (const int64_t place : selected) --left_out[LastName(places[place].name)];
  std::set<std::string> targets;
  for (const int64_t place : selected) {
    const std::string& name = places[place].name;
    targets.insert(left_out[LastName(name)] == 0 ? LastName(name) : name);
  }
  return {targets.begin(), targets.end()};
}

}  // namespace ropewalk
