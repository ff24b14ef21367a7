#include "coordinator/rpc/coordinator_metrics.h"

#include <map>
#include <string>

#include "absl/strings/ascii.h"
#include "coordinator/state/job_state.h"
#include "services/common/metrics.h"

namespace ropewalk {
namespace {

void CountEvent(const v1::JobEvent& event) {
  switch (event.kind()) {
    case v1::JobEvent::GENERATION_STARTED:
      CounterMetric("ropewalk_coordinator_generations_total", "Generations that ran.").Increment();
      break;
    case v1::JobEvent::WORKER_LOST:
      CounterMetric("ropewalk_coordinator_members_left_total", "Members that were lost or drained.")
          .Increment();
      break;
    case v1::JobEvent::RESUMED: {
      const double seconds =
          static_cast<double>(event.pause().seconds()) + 1e-9 * event.pause().nanos();
      CounterMetric("ropewalk_coordinator_recoveries_total",
                    "Times that steps went on after an interruption.")
          .Increment();
      HistogramMetric("ropewalk_coordinator_recovery_seconds",
                      "How long no step was finished around an interruption.", SecondsBounds())
          .Observe(seconds);
      break;
    }
    default:
      break;
  }
}

void SetGauge(const std::string& name, const std::string& help, const std::string& state,
              double value) {
  GaugeMetric(name, help, {{"state", absl::AsciiStrToLower(state)}}).Set(value);
}

}  // namespace

void CountChanges(const Changes& changes) {
  for (const JobChange& change : changes.jobs) {
    for (const v1::JobEvent& event : change.events) CountEvent(event);
  }
}

void ShowCluster(const Cluster& cluster) {
  std::map<int, int> jobs;
  for (const Job* job : cluster.ActiveJobs()) ++jobs[job->job().state()];
  for (int state = v1::JOB_STATE_QUEUED; state <= v1::JOB_STATE_CANCELLING; ++state) {
    SetGauge("ropewalk_coordinator_jobs", "Jobs that have not ended, by state.",
             std::string(JobStateName(static_cast<v1::JobState>(state))), jobs[state]);
  }
  std::map<int, int> workers;
  for (const WorkerTable::Worker* worker : cluster.workers().All()) {
    ++workers[cluster.DescribeWorker(worker->hello.name())->state()];
  }
  for (int state = v1::Worker::IDLE; state <= v1::Worker::LOST; ++state) {
    SetGauge("ropewalk_coordinator_workers", "Workers seen since the start, by state.",
             v1::Worker::State_Name(static_cast<v1::Worker::State>(state)), workers[state]);
  }
}

}  // namespace ropewalk
