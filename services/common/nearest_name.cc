#include "services/common/nearest_name.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// Optimal string alignment: Levenshtein's distance with swaps of neighbours.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string NearestName(absl::string_view given, const std::vector<std::string>& known) {
  constexpr size_t kLongest = 256;
  if (given.size() > kLongest) return "";
  // A third of the letters may be wrong; beyond that another thing was meant.
  size_t least = std::max<size_t>(1, given.size() / 3) + 1;
  std::string nearest;
  for (const std::string& name : known) {
    if (name.size() > kLongest) continue;
    const size_t distance = EditDistance(given, name);
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string DidYouMean(absl::string_view given, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(given, known);
  return nearest.empty() ? "" : absl::StrCat(" (did you mean '", nearest, "'?)");
}

}  // namespace ropewalk
