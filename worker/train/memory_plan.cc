#include "worker/train/memory_plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace ropewalk {
namespace {

std::string Line(int indent, const std::string& what, int64_t bytes) {
  return absl::StrFormat("%*s%-*s %12.2f MB\n", indent, "", 50 - indent, what, 1e-6 * bytes);
}

}  // namespace

int64_t MemoryPlan::bytes() const {
  int64_t bytes = 0;
  for (const MemoryPart& part : parts) bytes += part.arrays.bytes();
  return bytes;
}

int64_t MemoryPlan::mapped_bytes() const {
  int64_t bytes = 0;
  for (const MemoryPart& part : parts) bytes += part.mapped ? part.arrays.bytes() : 0;
  return bytes;
}

std::string MemoryPlan::Summary() const {
  std::vector<std::string> texts;
  for (const MemoryPart& part : parts) {
    const int64_t bytes = part.arrays.bytes();
    if (bytes > 0) texts.push_back(absl::StrCat(part.name, " ", Gigabytes(bytes)));
  }
  return absl::StrJoin(texts, ", ");
}

std::string MemoryPlan::Table() const {
  std::string table;
  for (const MemoryPart& part : parts) {
    table += Line(0, part.name, part.arrays.bytes());
    for (const PlannedArrays::Entry& entry : part.arrays.entries()) {
      table += Line(2, absl::StrCat(entry.count, " x ", entry.name), entry.bytes);
    }
  }
  return table + Line(0, "total", bytes());
}

std::string Gigabytes(int64_t bytes) { return absl::StrFormat("%.2f GB", 1e-9 * bytes); }

}  // namespace ropewalk
