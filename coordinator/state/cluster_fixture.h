#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/state/cluster.h"
#include "coordinator/state/job_state.h"

namespace ropewalk {

// A cluster whose workers do what a test says, at a time of its own. Workers are called by the last
// part of their name.
class ClusterFixture : public testing::Test {
 protected:
  // A worker's process attaches, or attaches again, and reports that it is idle.
  void Attach(const std::string& name, const std::string& incarnation = "1") {
    EXPECT_TRUE(AttachOnly(name, incarnation).ok());
    Report(name, v1::WORKER_PHASE_IDLE);
  }
  absl::Status AttachOnly(const std::string& name, const std::string& incarnation = "1") {
    v1::WorkerHello hello;
    hello.set_name("workers/" + name);
    hello.set_incarnation(incarnation);
    hello.set_ring_address(name + ":7090");
    hello.set_version("1");
    sessions_[name] = ++last_session_;
    reports_.erase(name);
    return cluster_->Attach(hello, last_session_, now_);
  }
  // Its stream breaks.
  void Detach(const std::string& name) {
    cluster_->Detach("workers/" + name, sessions_[name], now_);
    reports_.erase(name);
  }
  // It stays attached but reports no more.
  void Silence(const std::string& name) { reports_.erase(name); }

  // A report about its present assignment, if any.
  v1::WorkerReport ReportOf(const std::string& name, v1::WorkerPhase phase, int64_t committed = 0) {
    v1::WorkerReport report;
    report.set_phase(phase);
    if (const auto assignment = Assignment(name); assignment && phase != v1::WORKER_PHASE_IDLE) {
      report.set_job(assignment->job());
      report.set_generation(assignment->generation());
      report.set_plan_digest("plan");
      report.set_total_steps(100);
    }
    report.set_committed_step(committed);
    report.set_state_digest(committed + 1000);
    return report;
  }
  void Send(const std::string& name, const v1::WorkerReport& report) {
    reports_[name] = report;
    cluster_->TakeReport("workers/" + name, sessions_[name], report, now_);
  }
  void Report(const std::string& name, v1::WorkerPhase phase, int64_t committed = 0) {
    Send(name, ReportOf(name, phase, committed));
  }
  void Prepared(const std::string& name, int64_t committed = 0) {
    Report(name, v1::WORKER_PHASE_PREPARED, committed);
  }
  void Running(const std::string& name, int64_t committed) {
    Report(name, v1::WORKER_PHASE_RUNNING, committed);
  }
  void Interrupted(const std::string& name, int64_t committed, int from = -1, int to = -1) {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_INTERRUPTED, committed);
    report.mutable_interruption()->set_phase("reduce");
    report.mutable_interruption()->set_step(committed + 1);
    report.mutable_interruption()->set_from_rank(from);
    report.mutable_interruption()->set_to_rank(to);
    report.mutable_interruption()->set_reason("connection reset");
    Send(name, report);
  }
  void Failed(const std::string& name, const std::string& message) {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_FAILED);
    report.mutable_error()->set_code(3);
    report.mutable_error()->set_message(message);
    Send(name, report);
  }
  void Stopped(const std::string& name, int64_t committed, const std::string& checkpoint = "") {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_STOPPED, committed);
    report.set_checkpoint_version(checkpoint);
    report.set_checkpoint_step(checkpoint.empty() ? 0 : committed);
    Send(name, report);
  }
  void Checkpointed(const std::string& name, int64_t step) {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_RUNNING, step);
    report.set_checkpoint_version("checkpoints/j/versions/" + std::to_string(step));
    report.set_checkpoint_step(step);
    Send(name, report);
  }
  void Finished(const std::string& name, const std::string& result) {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_FINISHED, 100);
    report.set_result_version(result);
    Send(name, report);
  }

  // Time passes; whoever is attached and not silenced repeats its newest report.
  void Pass(absl::Duration duration) {
    for (const absl::Time end = now_ + duration; now_ < end;) {
      now_ += absl::Milliseconds(250);
      for (const auto& [name, report] : std::map(reports_)) {
        cluster_->TakeReport("workers/" + name, sessions_[name], report, now_);
      }
      cluster_->Tick(now_);
    }
  }

  std::string Create(const std::string& name = "jobs/j", int min = 1, int max = 8) {
    NewJob job;
    job.name = name;
    job.spec.mutable_workers()->set_min(min);
    job.spec.mutable_workers()->set_max(max);
    EXPECT_TRUE(cluster_->CreateJob(job, now_).ok());
    return name;
  }
  void Place(const std::string& job, const std::vector<std::string>& names) {
    std::vector<std::string> workers;
    for (const std::string& name : names) workers.push_back("workers/" + name);
    cluster_->Place(job, workers, now_);
  }
  // Attaches these workers and starts jobs/j on them.
  void Prepare(const std::vector<std::string>& names) {
    for (const std::string& name : names) Attach(name);
    Place(Create(), names);
  }
  // The same, until all run and have finished step 1.
  void Run(const std::vector<std::string>& names) {
    Prepare(names);
    for (const std::string& name : names) Prepared(name);
    for (const std::string& name : names) Running(name, 1);
  }

  const v1::Job& Job(const std::string& name = "jobs/j") {
    return (*cluster_->FindJob(name))->job();
  }
  v1::JobState State() { return Job().state(); }
  std::optional<v1::Assignment> Assignment(const std::string& name) {
    return cluster_->AssignmentFor("workers/" + name);
  }
  v1::Assignment::Goal Goal(const std::string& name) {
    const auto assignment = Assignment(name);
    return assignment ? assignment->goal() : v1::Assignment::GOAL_UNSPECIFIED;
  }
  v1::Worker::State WorkerState(const std::string& name) {
    return cluster_->DescribeWorker("workers/" + name)->state();
  }
  std::vector<std::string> Members() { return {Job().workers().begin(), Job().workers().end()}; }

  // Events of jobs/j so far, of one kind.
  std::vector<v1::JobEvent> Events(v1::JobEvent::Kind kind) {
    Journal();
    std::vector<v1::JobEvent> events;
    for (const v1::JobEvent& event : events_) {
      if (event.kind() == kind) events.push_back(event);
    }
    return events;
  }
  // What happened reaches the journal.
  void Journal() {
    for (JobChange& change : cluster_->TakeChanges(now_).jobs) {
      events_.insert(events_.end(), change.events.begin(), change.events.end());
      journal_[change.record.number] = std::move(change.record);
    }
  }
  // The coordinator is killed and started again; no worker is attached to the new one.
  void Restart() {
    Journal();
    std::vector<JobRecord> records;
    for (const auto& [number, record] : journal_) records.push_back(record);
    cluster_ = std::make_unique<Cluster>(Timing());
    cluster_->Restore(std::move(records), {}, now_);
    reports_.clear();
  }

  // A worker's newest report comes again, with what it has measured.
  void Measured(const std::string& from, const std::string& to, double bytes_per_second,
                int connections = 1) {
    v1::WorkerReport report = reports_[from];
    v1::Link& link = *report.add_links();
    link.set_worker("workers/" + to);
    link.set_incarnation("1");
    link.set_address(to + ":7090");
    link.set_bytes_per_second(bytes_per_second);
    link.set_connections(connections);
    cluster_->TakeReport("workers/" + from, sessions_[from], report, now_);
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::unique_ptr<Cluster> cluster_ = std::make_unique<Cluster>(Timing());

 private:
  int64_t last_session_ = 0;
  std::map<std::string, int64_t> sessions_;
  std::map<std::string, v1::WorkerReport> reports_;  // the newest of those who go on reporting
  std::vector<v1::JobEvent> events_;
  std::map<int64_t, JobRecord> journal_;
};

}  // namespace ropewalk
