// Faults of every kind in one job of several workers: ./dev chaos

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/fault/chaos.h"

namespace ropewalk {
namespace {

// A dead peer is known by its broken connections, a hung one by its silence for 10 s.
constexpr absl::Duration kLongestWaitForDead = absl::Seconds(2);
constexpr absl::Duration kLongestWaitForHung = absl::Seconds(12);

void Print(const ChaosReport& report) {
  std::printf("faults         %d\n", report.fault_count);
  for (const auto& [kind, count] : report.faults) std::printf("  %-12s %d\n", kind.c_str(), count);
  std::printf("steps          %lld\n", static_cast<long long>(report.steps));
  std::printf("pauses         %d, the longest of %s, %d without a cause in the events\n",
              report.pauses, absl::FormatDuration(report.longest_pause).c_str(),
              report.unexplained_pauses);
  std::printf("waits          at most %s for a dead peer, %s for a hung one\n",
              absl::FormatDuration(report.longest_wait_for_dead).c_str(),
              absl::FormatDuration(report.longest_wait_for_hung).c_str());
  std::printf("undisturbed    %s\nwith faults    %s\n", report.undisturbed_version.c_str(),
              report.version.c_str());
}

bool IsAsItShouldBe(const ChaosReport& report) {
  return report.version == report.undisturbed_version && report.unexplained_pauses == 0 &&
         report.longest_wait_for_dead <= kLongestWaitForDead &&
         report.longest_wait_for_hung <= kLongestWaitForHung;
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::ChaosOptions options;
  double minutes = 2;
  CLI::App app(
      "Kills, stops, cuts off and adds processes while a job trains, and compares what it "
      "publishes with an undisturbed run.");
  app.add_option("--minutes", minutes, "of faults")->capture_default_str();
  app.add_option("--seed", options.seed, "the same seed, the same faults")->capture_default_str();
  app.add_option("--workers", options.workers)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  options.time = absl::Minutes(minutes);
  options.folder = std::filesystem::temp_directory_path() / "ropewalk-chaos-XXXXXX";
  if (mkdtemp(options.folder.data()) == nullptr) {
    std::perror(options.folder.c_str());
    return 1;
  }
  const absl::StatusOr<ropewalk::ChaosReport> report = ropewalk::Chaos(options).Run();
  if (report.ok()) ropewalk::Print(*report);
  if (report.ok() && ropewalk::IsAsItShouldBe(*report)) {
    std::filesystem::remove_all(options.folder);
    return 0;
  }
  std::fprintf(stderr,
               "%s\nlogs are in %s; again: ./dev chaos --minutes %g --seed %llu --workers %d\n",
               report.status().ToString().c_str(), options.folder.c_str(), minutes,
               static_cast<unsigned long long>(options.seed), options.workers);
  return 1;
}
