#include "tests/bench/train/profile_table.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace ropewalk {
namespace {

using Row = std::pair<std::string, OpTotal>;

// The longest first; last what no op took.
std::vector<Row> RowsOf(const TrainingRun& run, double seconds) {
  std::vector<Row> rows(run.ops.begin(), run.ops.end());
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return a.second.seconds > b.second.seconds; });
  for (const Row& row : rows) seconds -= row.second.seconds;
  rows.push_back({"(no op)", {.seconds = seconds}});
  return rows;
}

}  // namespace

void PrintProfile(const TrainingRun& run, const MachineCeilings& ceilings) {
  const double steps = run.step_seconds.size();
  const double seconds = std::accumulate(run.step_seconds.begin(), run.step_seconds.end(), 0.0);
  std::printf("ceilings: %.0f GFLOP/s in products, %.1f GB/s of memory, %.1f GB/s of cache\n",
              1e-9 * ceilings.flops, 1e-9 * ceilings.memory_bytes, 1e-9 * ceilings.cache_bytes);
  std::printf("%-32s %7s %9s %7s %9s %7s\n", "op", "calls", "ms", "share", "GFLOP/s", "GB/s");
  for (const auto& [name, op] : RowsOf(run, seconds)) {
    std::printf("%-32s %7.0f %9.2f %6.1f%% %9.1f %7.1f\n", name.c_str(), op.calls / steps,
                1e3 * op.seconds / steps, 100 * op.seconds / seconds, 1e-9 * op.flops / op.seconds,
                1e-9 * op.bytes / op.seconds);
  }
}

}  // namespace ropewalk
