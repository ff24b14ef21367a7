#include "worker/chat/jinja/filters.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_join.h"

namespace ropewalk::jinja {
namespace {

const NativeTable& AllFilters() {
  static const auto* const all = [] {
    auto* const table = new NativeTable;
    for (const NativeTable* const part :
         {&TextFilters(), &NumberFilters(), &SequenceFilters(), &OrderFilters(), &LazyFilters()}) {
      table->insert(part->begin(), part->end());
    }
    return table;
  }();
  return *all;
}

}  // namespace

Native FindFilter(absl::string_view name) {
  const auto found = AllFilters().find(name);
  return found == AllFilters().end() ? nullptr : found->second;
}

std::string NamesOf(const NativeTable& table) {
  std::vector<absl::string_view> names;
  for (const auto& [name, function] : table) names.push_back(name);
  std::sort(names.begin(), names.end());
  return absl::StrJoin(names, ", ");
}

std::string FilterNames() { return NamesOf(AllFilters()); }

}  // namespace ropewalk::jinja
