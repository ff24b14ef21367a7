#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/state/job_record.h"
#include "coordinator/state/timing.h"
#include "coordinator/state/worker_view.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Every worker that has attached since the coordinator started: who it is, whether it is alive, how
// fast it is. A worker is a name; behind it stands one process at a time, its incarnation, on one
// stream at a time, its session.
//
//   Attach --> here --- no report for suspect_after --> silent --- none for dead_after --> lost
//                \                                                                        ^
//                 stream broke --> away --- not back within reattach_grace --> gone ------+
//
// A lost worker is back with its next report or Attach, but the jobs have gone on without it. Not
// thread-safe.
class WorkerTable {
 public:
  struct Worker {
    v1::WorkerHello hello;
    int64_t session = 0;  // 0: its stream broke
    bool seen = false;    // has attached since the coordinator started
    bool lost = false;
    bool draining = false;
    absl::Time attach_time;
    absl::Time last_report_time;
    absl::Time away_deadline;  // of a worker without a stream: gone by then, or lost if not seen
    v1::WorkerPhase phase = v1::WORKER_PHASE_UNSPECIFIED;
    std::string job;  // of which it last reported
    std::string activity;
    std::vector<std::string> relay_addresses;  // at which others reach it through another worker
    double tokens_per_second = 0;              // in that job
    std::set<std::string> retired;  // incarnations that other processes under this name replaced
  };

  // `timing` must outlive the table.
  explicit WorkerTable(const Timing* timing) : timing_(timing) {}

  // A process of before the coordinator's start that may come back.
  void Expect(const v1::Member& member, absl::Time now);
  // A process that was drained before the coordinator's start.
  void RestoreDrain(const WorkerDrain& drain);

  // A worker said hello on a new stream. `session` is new and > 0; the worker's older stream, if
  // any, no longer counts. INVALID_ARGUMENT: a field is wrong. ABORTED: another process has
  // replaced this one.
  absl::Status Attach(const v1::WorkerHello& hello, int64_t session, absl::Time now);
  // False if the stream is not the worker's present one.
  bool TakeReport(const std::string& name, int64_t session, const v1::WorkerReport& report,
                  absl::Time now);
  bool Detach(const std::string& name, int64_t session, absl::Time now);
  // NOT_FOUND: no such worker has been seen.
  absl::Status Drain(const std::string& name);
  // Finds those who are lost by now.
  void Tick(absl::Time now);

  WorkerView ViewOf(const v1::Member& member, absl::Time now) const;
  // Null: not seen.
  const Worker* Find(const std::string& name) const;
  // Those seen, by name.
  std::vector<const Worker*> All() const;
  // Alive and willing: may get work, at once if `IsIdle`.
  bool IsUsable(const Worker& worker, absl::Time now) const;
  // Usable, and reports that it has no assignment.
  bool IsIdle(const Worker& worker, absl::Time now) const;

 private:
  // Another process comes in its place.
  static void Retire(Worker* worker);
  bool WasDrained(const v1::WorkerHello& hello) const;
  bool IsSilent(const Worker& worker, absl::Time now) const;
  Presence PresenceOf(const Worker& worker, absl::Time now) const;
  // All leases last that much longer.
  void ProlongLeases(absl::Duration duration);

  const Timing* const timing_;
  absl::Time last_tick_ = absl::InfiniteFuture();
  std::map<std::string, Worker> workers_;
  std::map<std::string, std::string>
      drained_;  // incarnation by name, of before the coordinator's start
};

// As a member of a gang, of weight 1, with the addresses at which it can be reached now.
v1::Member MemberOf(const WorkerTable::Worker& worker);

}  // namespace ropewalk
