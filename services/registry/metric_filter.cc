#include "services/registry/metric_filter.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

bool IsMetricCharacter(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
}

}  // namespace

absl::StatusOr<MetricFilter> ParseMetricFilter(absl::string_view text) {
  const absl::Status wrong = absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(text),
                   "' is not a metric filter; give a metric's name, one of < <= > >= ==, and a "
                   "number, e.g. \"exact_match >= 0.9\""));
  const size_t begin = text.find_first_of("<>=");
  if (begin == absl::string_view::npos) return wrong;
  size_t end = text.find_first_not_of("<>=", begin);
  if (end == absl::string_view::npos) return wrong;
  MetricFilter filter;
  filter.metric = std::string(absl::StripAsciiWhitespace(text.substr(0, begin)));
  filter.comparison = std::string(text.substr(begin, end - begin));
  const bool known = filter.comparison == "<" || filter.comparison == "<=" ||
                     filter.comparison == ">" || filter.comparison == ">=" ||
                     filter.comparison == "==";
  const bool named = !filter.metric.empty() &&
                     std::all_of(filter.metric.begin(), filter.metric.end(), IsMetricCharacter);
  if (!known || !named || !absl::SimpleAtod(text.substr(end), &filter.value) ||
      !std::isfinite(filter.value)) {
    return wrong;
  }
  return filter;
}

}  // namespace ropewalk
