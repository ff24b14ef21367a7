#include "coordinator/state/cluster.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/state/job_state.h"
#include "coordinator/state/time_proto.h"

namespace ropewalk {
namespace {

v1::Worker::State StateOf(const WorkerTable::Worker& worker, bool has_job) {
  if (worker.lost || worker.session == 0) return v1::Worker::LOST;
  if (worker.draining) return has_job ? v1::Worker::DRAINING : v1::Worker::DRAINED;
  return has_job ? v1::Worker::BUSY : v1::Worker::IDLE;
}

}  // namespace

void Cluster::Restore(std::vector<JobRecord> jobs, const std::vector<WorkerDrain>& drains,
                      absl::Time now) {
  for (const WorkerDrain& drain : drains) workers_.RestoreDrain(drain);
  for (JobRecord& record : jobs) {
    for (const v1::Member& member : record.plan.members()) workers_.Expect(member, now);
    Add(Job::Restore(std::move(record), &timing_, now));
  }
}

void Cluster::Add(std::unique_ptr<Job> job) {
  const JobRecord& record = job->record();
  numbers_[record.job.name()] = record.number;
  if (!record.request_id.empty()) requests_[record.request_id] = record.number;
  if (!HasEnded(record.job.state())) active_.insert(record.number);
  jobs_[record.number] = std::move(job);
}

absl::StatusOr<const Job*> Cluster::CreateJob(NewJob job, absl::Time now) {
  if (const auto request = requests_.find(job.request_id); request != requests_.end()) {
    const Job* first = jobs_.at(request->second).get();
    if (first->record().request_hash == job.request_hash) return first;
    return absl::AlreadyExistsError(absl::StrCat("request_id ", job.request_id, " was used for ",
                                                 first->job().name(),
                                                 ", which has another spec; use a new request_id"));
  }
  JobRecord record;
  record.number = jobs_.empty() ? 1 : jobs_.rbegin()->first + 1;
  record.job.set_name(job.name);
  *record.job.mutable_spec() = std::move(job.spec);
  *record.job.mutable_inputs() = std::move(job.inputs);
  record.request_id = std::move(job.request_id);
  record.request_hash = std::move(job.request_hash);
  const int64_t number = record.number;
  Add(Job::Create(std::move(record), &timing_, now));
  touched_.insert(job.name);
  return jobs_.at(number).get();
}

absl::StatusOr<const Job*> Cluster::Apply(Verb verb, const std::string& name, absl::Time now) {
  Job* job = MutableJob(name);
  if (job == nullptr) return FindJob(name);
  if (absl::Status status = (job->*verb)(now); !status.ok()) return status;
  Reconcile(job, now);
  return job;
}

absl::StatusOr<const Job*> Cluster::PauseJob(const std::string& name, absl::Time now) {
  return Apply(&Job::Pause, name, now);
}

absl::StatusOr<const Job*> Cluster::CancelJob(const std::string& name, absl::Time now) {
  return Apply(&Job::Cancel, name, now);
}

absl::StatusOr<const Job*> Cluster::ResumeJob(const std::string& name, absl::Time now) {
  return Apply(&Job::Resume, name, now);
}

absl::Status Cluster::Attach(const v1::WorkerHello& hello, int64_t session, absl::Time now) {
  if (absl::Status status = workers_.Attach(hello, session, now); !status.ok()) return status;
  if (Job* job = MutableJobOf(hello.name())) Reconcile(job, now);
  return absl::OkStatus();
}

void Cluster::Detach(const std::string& worker, int64_t session, absl::Time now) {
  if (!workers_.Detach(worker, session, now)) return;
  if (Job* job = MutableJobOf(worker)) Reconcile(job, now);
}

void Cluster::TakeReport(const std::string& worker, int64_t session, const v1::WorkerReport& report,
                         absl::Time now) {
  if (!workers_.TakeReport(worker, session, report, now)) return;
  for (const v1::Link& link : report.links()) {
    links_.Take(MemberOf(*workers_.Find(worker)), link, now);
  }
  if (report.links_size() > 0) PlanLinks(now);
  Job* job = MutableJobOf(worker);
  if (job == nullptr) return;
  ForgetLinkThatFailed(*job, report);
  job->TakeReport(worker, report, now);
  Reconcile(job, now);
}

absl::Status Cluster::DrainWorker(const std::string& name, absl::Time now) {
  if (absl::Status status = workers_.Drain(name); !status.ok()) return status;
  drains_.push_back({name, workers_.Find(name)->hello.incarnation()});
  if (Job* job = MutableJobOf(name)) Reconcile(job, now);
  return absl::OkStatus();
}

void Cluster::Tick(absl::Time now) {
  workers_.Tick(now);
  PlanLinks(now);
  for (int64_t number : active_) {
    Job* job = jobs_.at(number).get();
    if (!job->gang().Workers().empty()) Reconcile(job, now);
  }
}

void Cluster::Place(const std::string& name, const std::vector<std::string>& workers,
                    absl::Time now) {
  Job* job = MutableJob(name);
  std::vector<v1::Member> members;
  for (const std::string& worker : workers) members.push_back(MemberOf(*workers_.Find(worker)));
  if (job->WantsGang()) {
    job->Start(std::move(members), now);
  } else {
    for (v1::Member& member : members) job->Invite(std::move(member));
  }
  touched_.insert(name);
}

void Cluster::Reconcile(Job* job, absl::Time now) {
  job->Reconcile([&](const v1::Member& member) { return workers_.ViewOf(member, now); },
                 [&](const std::vector<v1::Member>& members) { return RingOf(members); }, now);
  touched_.insert(job->job().name());
}

Job* Cluster::MutableJob(const std::string& name) {
  const auto number = numbers_.find(name);
  return number == numbers_.end() ? nullptr : jobs_.at(number->second).get();
}

Job* Cluster::MutableJobOf(const std::string& worker) {
  for (int64_t number : active_) {
    Job* job = jobs_.at(number).get();
    const std::vector<std::string> workers = job->gang().Workers();
    if (std::find(workers.begin(), workers.end(), worker) != workers.end()) return job;
  }
  return nullptr;
}

const Job* Cluster::JobOf(const std::string& worker) const {
  return const_cast<Cluster*>(this)->MutableJobOf(worker);
}

absl::StatusOr<const Job*> Cluster::FindJob(const std::string& name) const {
  const auto number = numbers_.find(name);
  if (number == numbers_.end()) {
    return absl::NotFoundError(absl::StrCat("there is no job \"", name, "\""));
  }
  return jobs_.at(number->second).get();
}

std::vector<const Job*> Cluster::ListJobs(int64_t before_number, size_t at_most) const {
  std::vector<const Job*> list;
  auto end = before_number > 0 ? jobs_.lower_bound(before_number) : jobs_.end();
  while (end != jobs_.begin() && list.size() < at_most) list.push_back((--end)->second.get());
  return list;
}

std::vector<const Job*> Cluster::ActiveJobs() const {
  std::vector<const Job*> list;
  for (int64_t number : active_) list.push_back(jobs_.at(number).get());
  return list;
}

absl::StatusOr<v1::Worker> Cluster::DescribeWorker(const std::string& name) const {
  const WorkerTable::Worker* worker = workers_.Find(name);
  if (worker == nullptr) {
    return absl::NotFoundError(absl::StrCat("there is no worker \"", name, "\""));
  }
  const Job* job = JobOf(name);
  v1::Worker description;
  description.set_name(name);
  description.set_state(StateOf(*worker, job != nullptr));
  description.set_incarnation(worker->hello.incarnation());
  description.set_ring_address(worker->hello.ring_address());
  *description.mutable_more_ring_addresses() = MemberOf(*worker).more_ring_addresses();
  description.set_version(worker->hello.version());
  *description.mutable_capacity() = worker->hello.capacity();
  description.set_tokens_per_second(worker->tokens_per_second);
  description.set_activity(worker->activity);
  *description.mutable_attach_time() = ToProto(worker->attach_time);
  *description.mutable_last_report_time() = ToProto(worker->last_report_time);
  DescribeLinks(*worker, &description);
  if (job == nullptr) return description;
  description.set_job(job->job().name());
  const v1::Assignment assignment = *job->gang().AssignmentFor(name);
  description.set_rank(assignment.rank());
  if (const int ranks = assignment.members_size(); ranks > 1) {
    description.set_ring_successor(assignment.members((assignment.rank() + 1) % ranks).worker());
  }
  return description;
}

std::optional<v1::Assignment> Cluster::AssignmentFor(const std::string& worker) const {
  const Job* job = JobOf(worker);
  return job == nullptr ? std::nullopt : job->AssignmentFor(worker);
}

Changes Cluster::TakeChanges(absl::Time now) {
  Changes changes;
  changes.drains = std::exchange(drains_, {});
  for (auto number = active_.begin(); number != active_.end();) {
    Job* job = jobs_.at(*number).get();
    if (std::optional<JobChange> change = job->TakeChange(now)) {
      changes.jobs.push_back(*std::move(change));
    }
    number = HasEnded(job->job().state()) ? active_.erase(number) : std::next(number);
  }
  return changes;
}

std::set<std::string> Cluster::TakeTouched() { return std::exchange(touched_, {}); }

}  // namespace ropewalk
