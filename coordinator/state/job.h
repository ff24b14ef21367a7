#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/state/digest_ledger.h"
#include "coordinator/state/gang.h"
#include "coordinator/state/job_history.h"
#include "coordinator/state/job_record.h"
#include "coordinator/state/progress_meter.h"
#include "coordinator/state/timing.h"
#include "coordinator/state/worker_view.h"

namespace ropewalk {

// One job: its state (job_state.h) and its gang (gang.h). What happens comes in as calls;
// Reconcile(), after every call and at every tick, takes the next step that the present situation
// asks for:
//
// - A member is lost: the survivors form the next generation at once, however few; `workers.min` is
//   for starting only. None left: the job waits for workers (RECOVERING) and starts again from its
//   newest checkpoint. A member whose stream broke counts as lost as soon as another member's ring
//   breaks, otherwise after a grace; when all streams broke, the coordinator was cut off, and the
//   grace is longer. A member that was to run but says that it is idle has fenced itself off and
//   counts as lost too.
// - The ring broke though nobody is lost: the same members form the next generation, with growing
//   delays; too often in a row without a finished step fails the job.
// - A newcomer is prepared, and all members have finished a step of their generation: the next one
//   has it as its last rank.
// - A member is draining, and another holds the state: the next generation goes without it. The
//   last member stops, and the job is queued.
// - All members are prepared: they run, unless another ring of them is better by what is known now.
//   Then they form the next generation as that.
// - Rank 0 has stopped: the job is paused, cancelled or queued.
//
// A member that reports FAILED fails the job; a newcomer that does, or whose plan differs, is sent
// away. Not thread-safe; time comes in as an argument and must not run backwards.
class Job {
 public:
  // A new job, QUEUED. `timing` must outlive it.
  static std::unique_ptr<Job> Create(JobRecord record, const Timing* timing, absl::Time now);
  // A job of the journal, as it was.
  static std::unique_ptr<Job> Restore(JobRecord record, const Timing* timing, absl::Time now);

  const JobRecord& record() const { return history_.record(); }
  const v1::Job& job() const { return history_.job(); }
  const Gang& gang() const { return gang_; }

  // The verbs of JobService, with their errors.
  absl::Status Pause(absl::Time now);
  absl::Status Cancel(absl::Time now);
  absl::Status Resume(absl::Time now);

  // Placement. The job waits for a gang / for more members.
  bool WantsGang() const;
  bool WantsNewcomers() const;
  // Newcomers it sent away.
  const std::set<std::string>& refused() const { return refused_; }
  // REQUIRES: WantsGang().
  void Start(std::vector<v1::Member> members, absl::Time now);
  // REQUIRES: WantsNewcomers().
  void Invite(v1::Member newcomer);

  // A report of the present process under that name.
  void TakeReport(const std::string& worker, const v1::WorkerReport& report, absl::Time now);

  void Reconcile(WorkerViews views, BestRing ring, absl::Time now);

  // What the worker is to do for this job; absent: nothing.
  std::optional<v1::Assignment> AssignmentFor(const std::string& worker) const;

  std::optional<JobChange> TakeChange(absl::Time now);

 private:
  Job(JobRecord record, const Timing* timing, absl::Time now);

  v1::JobState state() const { return job().state(); }
  bool stopping() const { return record().stop != StopReason::kNone; }

  // What reports tell (job_reports.cc).
  void TakeIdleReport(const std::string& worker);
  void TakeNewcomersReport(const std::string& worker, const v1::WorkerReport& report,
                           absl::Time now);
  void TakeProgress(const v1::WorkerReport& report, absl::Time now);
  void TakeEvaluations(const v1::WorkerReport& report, absl::Time now);
  void TakeCheckpoint(const std::string& worker, const v1::WorkerReport& report, absl::Time now);
  void NoteInterruption(const std::string& worker, const v1::Interruption& interruption,
                        absl::Time now);
  void NoteResumption(absl::Time now);
  void Refuse(const std::string& newcomer, const std::string& why, absl::Time now);

  // What the situation asks for (job_reconcile.cc).
  void DismissLostGuests(WorkerViews views);
  bool IsLost(const v1::Member& member, const WorkerView& view) const;
  void NoteCutOff(const std::vector<v1::Member>& members, WorkerViews views);
  bool LoseMembers(WorkerViews views, absl::Time now);
  void ReconcilePreparing(WorkerViews views, BestRing ring, absl::Time now);
  void ReconcileRunning(WorkerViews views, absl::Time now);
  void ReconcileStopping(absl::Time now);
  bool Drain(WorkerViews views, absl::Time now);
  void FormRingAgain(WorkerViews views, absl::Time now);
  void TakeInNewcomers(absl::Time now);
  void Regroup(std::vector<v1::Member> members, const std::string& why, absl::Time now);
  void Disperse(const std::string& why, absl::Time now);
  void Run(WorkerViews views, int stripes, absl::Time now);

  // Ways out (job.cc).
  void BeginStop(StopReason reason, absl::Time now);
  void FinishStop(absl::Time now);
  void Succeed(const std::string& result_version, const std::string& worker, absl::Time now);
  void Fail(const absl::Status& error, absl::Time now);
  void Disband();
  // Every change of an assignment is a change of the record, so that workers hear of it after the
  // journal.
  void PlanChanged();

  const Timing* const timing_;
  JobHistory history_;
  Gang gang_;
  ProgressMeter meter_;
  DigestLedger ledger_;
  std::set<std::string> refused_;
  std::set<std::string> dropped_;  // members that should run but say that they are idle

  bool cut_off_ = false;       // the streams of all members broke, and not all have come back yet
  absl::Time last_step_time_;  // when a step was last heard to be finished
  bool resuming_ = false;      // no step has been finished since the ring stopped
  int interruptions_ = 0;      // in a row, with nobody lost and no step finished
  int64_t broken_generation_ = 0;  // the newest whose ring is known to have broken
  absl::Time reform_time_;         // not before then is a broken ring formed again
  absl::Time stop_deadline_;
};

}  // namespace ropewalk
