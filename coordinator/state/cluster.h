#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/state/job.h"
#include "coordinator/state/job_record.h"
#include "coordinator/state/link_table.h"
#include "coordinator/state/relay_table.h"
#include "coordinator/state/timing.h"
#include "coordinator/state/worker_table.h"

namespace ropewalk {

// What the journal is to be told, as one transaction.
struct Changes {
  std::vector<JobChange> jobs;
  std::vector<WorkerDrain> drains;

  bool empty() const { return jobs.empty() && drains.empty(); }
};

// A job as asked for, checked and with its defaults.
struct NewJob {
  std::string name;  // "jobs/...", not in use
  v1::JobSpec spec;
  v1::JobInputs inputs;
  std::string request_id;    // may be empty
  std::string request_hash;  // of what was asked for: tells a repeated request from another one
                             // with the same id
};

// All jobs and all workers: events come in, each with the time at which it happened; desired
// assignments and changes for the journal come out. Nothing that comes out may be acted on before
// TakeChanges() is in the journal. Not thread-safe.
class Cluster {
 public:
  explicit Cluster(const Timing& timing) : timing_(timing), workers_(&timing_) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // What the journal holds; call first. Members of running jobs have Timing::restart_grace to
  // attach again.
  void Restore(std::vector<JobRecord> jobs, const std::vector<WorkerDrain>& drains, absl::Time now);

  // The verbs of JobService, with their errors.
  absl::StatusOr<const Job*> CreateJob(NewJob job, absl::Time now);
  absl::StatusOr<const Job*> PauseJob(const std::string& name, absl::Time now);
  absl::StatusOr<const Job*> CancelJob(const std::string& name, absl::Time now);
  absl::StatusOr<const Job*> ResumeJob(const std::string& name, absl::Time now);

  // What workers do; see WorkerTable.
  absl::Status Attach(const v1::WorkerHello& hello, int64_t session, absl::Time now);
  void Detach(const std::string& worker, int64_t session, absl::Time now);
  void TakeReport(const std::string& worker, int64_t session, const v1::WorkerReport& report,
                  absl::Time now);
  absl::Status DrainWorker(const std::string& worker, absl::Time now);

  // Time has passed.
  void Tick(absl::Time now);

  // What the scheduler decides: idle workers prepare for a waiting job, or join a running one.
  void Place(const std::string& job, const std::vector<std::string>& workers, absl::Time now);

  // NOT_FOUND: there is no such job.
  absl::StatusOr<const Job*> FindJob(const std::string& name) const;
  // Newest first, from those submitted before the job of that number on; 0: from the newest.
  std::vector<const Job*> ListJobs(int64_t before_number, size_t at_most) const;
  // Those that have not ended, oldest first.
  std::vector<const Job*> ActiveJobs() const;
  const WorkerTable& workers() const { return workers_; }
  // As the API shows it. NOT_FOUND: no such worker has been seen.
  absl::StatusOr<v1::Worker> DescribeWorker(const std::string& name) const;
  // The job that a worker is assigned to; null: none.
  const Job* JobOf(const std::string& worker) const;
  std::optional<v1::Assignment> AssignmentFor(const std::string& worker) const;
  // The way to another worker that this one is to measure; see LinkTable.
  std::optional<v1::LinkToMeasure> LinkToMeasure(const std::string& worker) const {
    return links_.ToMeasure(worker);
  }
  // The worker through which this one is to be reached; null: through none.
  const v1::Member* RelayOf(const std::string& worker) const { return relays_.RelayOf(worker); }

  Changes TakeChanges(absl::Time now);
  // Names of jobs that may look different since the last call.
  std::set<std::string> TakeTouched();

 private:
  using Verb = absl::Status (Job::*)(absl::Time);

  absl::StatusOr<const Job*> Apply(Verb verb, const std::string& name, absl::Time now);
  Job* MutableJob(const std::string& name);
  Job* MutableJobOf(const std::string& worker);
  void Add(std::unique_ptr<Job> job);
  void Reconcile(Job* job, absl::Time now);

  // The ways between workers (cluster_links.cc).
  void PlanLinks(absl::Time now);
  void ForgetLinkThatFailed(const Job& job, const v1::WorkerReport& report);
  RingPlan RingOf(const std::vector<v1::Member>& members) const;
  void DescribeLinks(const WorkerTable::Worker& worker, v1::Worker* description) const;

  const Timing timing_;
  WorkerTable workers_;
  LinkTable links_;
  RelayTable relays_;
  std::map<int64_t, std::unique_ptr<Job>> jobs_;  // by number
  std::map<std::string, int64_t> numbers_;        // by name
  std::map<std::string, int64_t> requests_;       // by request_id
  std::set<int64_t> active_;  // by number: not ended, or ended since TakeChanges()
  std::set<std::string> touched_;
  std::vector<WorkerDrain> drains_;
};

}  // namespace ropewalk
