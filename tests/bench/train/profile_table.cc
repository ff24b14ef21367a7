#include "tests/bench/train/profile_table.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace ropewalk {
namespace {

using Row = std::pair<std::string, OpTotal>;

// The longest first; last what no op took.
std::vector<Row> RowsOf(const MeasuredStep& step) {
  std::vector<Row> rows(step.ops.begin(), step.ops.end());
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.second.seconds > b.second.seconds; });
  double left = step.seconds;
  for (const Row& row : rows) left -= row.second.seconds;
  rows.push_back({"(no op)", {.seconds = left}});
  return rows;
}

}  // namespace

void PrintProfile(const MeasuredStep& step, const MachineCeilings& ceilings) {
  std::printf("ceilings: %.0f GFLOP/s in products, %.1f GB/s of memory, %.1f GB/s of cache\n",
              1e-9 * ceilings.flops, 1e-9 * ceilings.memory_bytes, 1e-9 * ceilings.cache_bytes);
  std::printf("%-32s %7s %9s %7s %9s %7s\n", "op", "calls", "ms", "share", "GFLOP/s", "GB/s");
  for (const auto& [name, op] : RowsOf(step)) {
    std::printf("%-32s %7ld %9.2f %6.1f%% %9.1f %7.1f\n", name.c_str(), static_cast<long>(op.calls),
                1e3 * op.seconds, 100 * op.seconds / step.seconds, 1e-9 * op.flops / op.seconds,
                1e-9 * op.bytes / op.seconds);
  }
}

}  // namespace ropewalk
