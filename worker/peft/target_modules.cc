#include "worker/peft/target_modules.h"

#include <functional>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"
#include "worker/peft/module_pattern.h"

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

absl::StatusOr<Matcher> MatcherOf(const std::string& target, size_t target_count,
                                  absl::string_view field) {
  const bool is_regex = absl::StartsWith(target, kRegexPrefix);
  if ((is_regex || target == kAllLinear) && target_count > 1) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": '", target, "' must be the only one"));
  }
  if (is_regex) {
    ASSIGN_OR_RETURN(const ModulePattern pattern,
                     ModulePattern::Compile(absl::StripPrefix(target, kRegexPrefix), field));
    return Matcher([pattern](const std::string& name) { return pattern.Matches(name); });
  }
  if (target == kAllLinear) return Matcher([](const std::string&) { return true; });
  return Matcher([target](const std::string& name) {
    return name == target || absl::EndsWith(name, "." + target);
  });
}

// The numbers of the places that any of the targets matches.
absl::StatusOr<std::set<int64_t>> Matching(const std::vector<LinearPlace>& places,
                                           const std::vector<std::string>& targets,
                                           absl::string_view field) {
  std::set<int64_t> matching;
  for (const std::string& target : targets) {
    ASSIGN_OR_RETURN(const Matcher matches, MatcherOf(target, targets.size(), field));
    bool found = false;
    for (size_t place = 0; place < places.size(); ++place) {
      if (!matches(places[place].name)) continue;
      matching.insert(static_cast<int64_t>(place));
      found = true;
    }
    if (!found) {
      return absl::InvalidArgumentError(absl::StrCat(field, ": no linear layer matches '", target,
                                                     "'; there are ", KnownNames(places)));
    }
  }
  return matching;
}

}  // namespace

absl::StatusOr<std::vector<int64_t>> SelectPlaces(const std::vector<LinearPlace>& places,
                                                  const std::vector<std::string>& targets,
                                                  const std::vector<std::string>& excluded) {
  if (targets.empty()) return absl::InvalidArgumentError("target_modules: the list is empty");
  ASSIGN_OR_RETURN(std::set<int64_t> selected, Matching(places, targets, "target_modules"));
  ASSIGN_OR_RETURN(const std::set<int64_t> left_out, Matching(places, excluded, "exclude_modules"));
  for (const int64_t place : left_out) selected.erase(place);
  if (selected.empty()) {
    return absl::InvalidArgumentError("exclude_modules: leaves nothing of target_modules");
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
