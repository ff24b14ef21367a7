#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Arrays by name, in the order in which their names first came: how many there are of each name,
// and how much memory those take together. A plain value.
class PlannedArrays {
 public:
  struct Entry {
    std::string name;
    int64_t count = 0;
    int64_t bytes = 0;  // of all `count`

    bool operator==(const Entry&) const = default;
  };

  void Add(absl::string_view name, int64_t bytes);

  const std::vector<Entry>& entries() const { return entries_; }

  // Of all arrays.
  int64_t bytes() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace ropewalk
