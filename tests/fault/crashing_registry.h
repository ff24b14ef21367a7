#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/testing/process.h"
#include "tests/testing/reserved_address.h"

namespace ropewalk {

// What befalls one run of the registry's process; failing_fsync.c does it.
struct RunFaults {
  uint64_t seed = 0;
  int failing_syncs_permille = 0;
  int syncs_before_failures = 0;
  // It dies before this change of its files, counted from 1; 0: it does not.
  int die_at_change = 0;
};

// A registry of a test's own, which can be killed and started again with its data and at its
// addresses. Collects every second what no version names and is 100 ms old. Not thread-safe.
class CrashingRegistry {
 public:
  // Keeps everything in `folder`, which must exist.
  explicit CrashingRegistry(std::string folder) : folder_(std::move(folder)) {}

  // Returns when it answers. UNAVAILABLE: it has ended before.
  absl::Status Start(const RunFaults& faults, const std::string& grace = "100ms");

  // Waits for so long; what it has ended with if it has, as Process::Wait says it.
  std::optional<int> EndsWithin(absl::Duration time);

  // SIGKILL.
  void Kill() { process_.reset(); }

  const std::string& grpc_address() const { return grpc_.text(); }
  const std::string& http_address() const { return http_.text(); }
  std::string data() const { return folder_ + "/data"; }
  std::string sync_log() const { return folder_ + "/sync.log"; }

  // Where a blob is kept.
  std::string BlobPath(const std::string& digest) const;

 private:
  std::vector<std::string> CommandLine(const RunFaults& faults, const std::string& grace) const;

  const std::string folder_;
  const ReservedAddress grpc_;
  const ReservedAddress http_;
  std::optional<Process> process_;
};

}  // namespace ropewalk
