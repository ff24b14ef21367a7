#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/fault/chaos_plan.h"
#include "tests/fault/pauses.h"
#include "tests/testing/process_cluster.h"
#include "tests/testing/small_disk.h"
#include "tests/testing/tcp_fault_proxy.h"

namespace ropewalk {

struct ChaosOptions {
  std::string folder;  // for the cluster; must exist
  uint64_t seed = 1;
  int workers = 4;
  absl::Duration time = absl::Minutes(2);  // of faults
};

struct ChaosReport {
  std::map<std::string, int> faults;  // of each kind
  int fault_count = 0;
  int pauses = 0;  // times that no step was finished until the ring was formed anew
  absl::Duration longest_pause;
  int unexplained_pauses = 0;  // of which no event says which worker or hop was the cause
  // Since the last fault in a pause: while a process hung, and while none did.
  absl::Duration longest_wait_for_hung;
  absl::Duration longest_wait_for_dead;
  int64_t steps = 0;
  std::string undisturbed_version;  // what the job publishes without faults, and with them
  std::string version;
};

// Runs a job twice on a cluster of processes: left alone, and while a ChaosPlan befalls it. Says on
// stderr what it does. Errors: the cluster cannot be started, or a job does not end as it should.
class Chaos {
 public:
  explicit Chaos(ChaosOptions options) : options_(std::move(options)) {}

  absl::StatusOr<ChaosReport> Run();

 private:
  // What ends a fault, or is left of it.
  struct Undoing {
    absl::Duration at;  // by the monotonic clock
    Fault fault;
    size_t given;  // its place in given_
  };

  absl::Status StartAll();
  void MountDisks();
  absl::Status StartWorker(const std::string& name);
  absl::StatusOr<std::string> Submit(int64_t steps);
  absl::StatusOr<int64_t> StepsFor(absl::Duration time);
  absl::Status Disturb(const std::string& job);
  absl::Status Give(const Fault& fault);
  absl::Status Undo(const Fault& fault);
  absl::Status UndoDue(absl::Duration now);
  bool IsFaulty(const std::string& name) const;
  bool CanGive(const Fault& fault) const;
  absl::Status ReadPauses(const std::string& job);

  const ChaosOptions options_;
  std::map<std::string, std::unique_ptr<SmallDisk>> disks_;  // of coordinator and registry
  std::unique_ptr<ProcessCluster> cluster_;
  std::map<std::string, std::unique_ptr<TcpFaultProxy>> proxies_;  // before each worker's ring
  std::map<std::string, ReservedAddress> addresses_;               // where each worker listens
  std::vector<Undoing> undoings_;
  std::vector<GivenFault> given_;
  ChaosReport report_;
};

}  // namespace ropewalk
