#include "worker/tensor/planned_arrays.h"

#include <algorithm>

namespace ropewalk {

void PlannedArrays::Add(absl::string_view name, int64_t bytes) {
  auto entry = std::find_if(entries_.begin(), entries_.end(),
                            [&](const Entry& known) { return known.name == name; });
  if (entry == entries_.end()) entry = entries_.insert(entry, {.name = std::string(name)});
  ++entry->count;
  entry->bytes += bytes;
}

int64_t PlannedArrays::bytes() const {
  int64_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.bytes;
  return bytes;
}

}  // namespace ropewalk
