#include "coordinator/rpc/coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "coordinator/rpc/coordinator_metrics.h"
#include "coordinator/rpc/job_request.h"
#include "coordinator/rpc/page.h"
#include "coordinator/scheduler/placement_input.h"
#include "coordinator/state/job_state.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr char kJobs[] = "jobs";
constexpr char kWorkers[] = "workers";
constexpr int64_t kEventsAMessage = 500;

absl::Status GoingDown() {
  return absl::UnavailableError("the coordinator is going down; try again soon");
}

absl::StatusOr<v1::Job> Copy(const absl::StatusOr<const Job*>& job) {
  if (!job.ok()) return job.status();
  return (*job)->job();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Coordinator>> Coordinator::Create(const Options& options,
                                                                 Journal* journal,
                                                                 const Clock* clock) {
  ASSIGN_OR_RETURN(JournalContents contents, journal->Load());
  auto coordinator = std::unique_ptr<Coordinator>(new Coordinator(options, journal, clock));
  Coordinator* self = coordinator.get();
  self->cluster_.Restore(std::move(contents.jobs), contents.drains, self->Now());
  self->loop_ =
      std::make_unique<EventLoop>(EventLoop::Options{.thread_name = "coordinator",
                                                     .tick_period = options.tick_period,
                                                     .after_tasks = [self] { self->Settle(); },
                                                     .on_tick = [self] { self->Tick(); }});
  return coordinator;
}

Coordinator::Coordinator(const Options& options, Journal* journal, const Clock* clock)
    : journal_(journal),
      clock_(clock),
      wall_start_(clock->Now()),
      monotonic_start_(clock->Monotonic()),
      cluster_(options.timing) {}

void Coordinator::Stop() {
  loop_->Post([this] { answers_.push_back([this](const absl::Status&) { CloseStreams(); }); });
  loop_->Stop();
}

template <typename T>
void Coordinator::Ask(Done<T> done, std::function<absl::StatusOr<T>()> question) {
  const bool posted = loop_->Post([this, done, question = std::move(question)] {
    answers_.push_back([done, answer = question()](const absl::Status& journal) {
      done(journal.ok() ? answer : journal);
    });
  });
  if (!posted) done(GoingDown());
}

void Coordinator::CreateJob(const v1::CreateJobRequest& request, Done<v1::Job> done) {
  absl::StatusOr<NewJob> job = CheckJobRequest(request);
  if (!job.ok()) return done(job.status());
  Ask<v1::Job>(done, [this, job = *std::move(job), validate_only = request.validate_only()] {
    return Submit(job, validate_only);
  });
}

absl::StatusOr<v1::Job> Coordinator::Submit(NewJob job, bool validate_only) {
  if (validate_only) {
    v1::Job answer;
    *answer.mutable_spec() = std::move(job.spec);
    *answer.mutable_inputs() = std::move(job.inputs);
    answer.set_state(v1::JOB_STATE_QUEUED);
    return answer;
  }
  do {
    job.name = RandomJobName(job.spec.name(), random_);
  } while (cluster_.FindJob(job.name).ok());
  return Copy(cluster_.CreateJob(std::move(job), Now()));
}

void Coordinator::GetJob(const std::string& name, Done<v1::Job> done) {
  Ask<v1::Job>(done, [this, name] { return Copy(cluster_.FindJob(name)); });
}

void Coordinator::Apply(Verb verb, const std::string& name, Done<v1::Job> done) {
  Ask<v1::Job>(done, [this, verb, name] { return Copy((cluster_.*verb)(name, Now())); });
}

void Coordinator::CancelJob(const std::string& name, Done<v1::Job> done) {
  Apply(&Cluster::CancelJob, name, std::move(done));
}

void Coordinator::PauseJob(const std::string& name, Done<v1::Job> done) {
  Apply(&Cluster::PauseJob, name, std::move(done));
}

void Coordinator::ResumeJob(const std::string& name, Done<v1::Job> done) {
  Apply(&Cluster::ResumeJob, name, std::move(done));
}

void Coordinator::ListJobs(const v1::ListJobsRequest& request, Done<v1::ListJobsResponse> done) {
  Ask<v1::ListJobsResponse>(done, [this, request] { return PageOfJobs(request); });
}

absl::StatusOr<v1::ListJobsResponse> Coordinator::PageOfJobs(const v1::ListJobsRequest& request) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string last, ParsePageToken(kJobs, request.page_token()));
  int64_t before = 0;
  if (!last.empty() && !absl::SimpleAtoi(last, &before)) {
    return absl::InvalidArgumentError("page_token is none that this method gave");
  }
  const std::vector<const Job*> jobs = cluster_.ListJobs(before, size + 1);
  v1::ListJobsResponse page;
  for (const Job* job : jobs) {
    if (page.jobs_size() == size) break;
    *page.add_jobs() = job->job();
    before = job->record().number;
  }
  if (static_cast<int>(jobs.size()) > size) {
    page.set_next_page_token(PageToken(kJobs, absl::StrCat(before)));
  }
  return page;
}

void Coordinator::GetWorker(const std::string& name, Done<v1::Worker> done) {
  Ask<v1::Worker>(done, [this, name] { return cluster_.DescribeWorker(name); });
}

void Coordinator::ListWorkers(const v1::ListWorkersRequest& request,
                              Done<v1::ListWorkersResponse> done) {
  Ask<v1::ListWorkersResponse>(done, [this, request] { return PageOfWorkers(request); });
}

absl::StatusOr<v1::ListWorkersResponse> Coordinator::PageOfWorkers(
    const v1::ListWorkersRequest& request) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string last, ParsePageToken(kWorkers, request.page_token()));
  v1::ListWorkersResponse page;
  for (const WorkerTable::Worker* worker : cluster_.workers().All()) {
    if (worker->hello.name() <= last) continue;
    if (page.workers_size() == size) {
      page.set_next_page_token(PageToken(kWorkers, page.workers(size - 1).name()));
      break;
    }
    ASSIGN_OR_RETURN(*page.add_workers(), cluster_.DescribeWorker(worker->hello.name()));
  }
  return page;
}

void Coordinator::DrainWorker(const std::string& name, Done<v1::Worker> done) {
  Ask<v1::Worker>(done, [this, name]() -> absl::StatusOr<v1::Worker> {
    RETURN_IF_ERROR(cluster_.DrainWorker(name, Now()));
    return cluster_.DescribeWorker(name);
  });
}

void Coordinator::Attach(int64_t session, const v1::WorkerHello& hello,
                         std::shared_ptr<WorkerStream> stream) {
  const bool posted =
      loop_->Post([this, session, hello, stream] { Admit(session, hello, stream); });
  if (!posted) stream->Close(GoingDown());
}

void Coordinator::Admit(int64_t session, const v1::WorkerHello& hello,
                        std::shared_ptr<WorkerStream> stream) {
  const absl::Status status = cluster_.Attach(hello, session, Now());
  if (!status.ok()) return stream->Close(status);
  CloseReplaced(hello);
  Session& entry = sessions_[session];
  entry.worker = hello.name();
  entry.incarnation = hello.incarnation();
  entry.stream = std::move(stream);
  LogInfo("worker attached", {{"worker", hello.name()}, {"ring_address", hello.ring_address()}});
}

void Coordinator::CloseReplaced(const v1::WorkerHello& hello) {
  for (auto it = sessions_.begin(); it != sessions_.end();) {
    if (it->second.worker != hello.name()) {
      ++it;
      continue;
    }
    const bool same_process = it->second.incarnation == hello.incarnation();
    it->second.stream->Close(
        same_process ? absl::CancelledError("a newer stream of this worker took its place")
                     : absl::AbortedError(absl::StrCat("another process has attached as ",
                                                       hello.name(), "; this one is out")));
    it = sessions_.erase(it);
  }
}

void Coordinator::TakeReport(int64_t session, const v1::WorkerReport& report) {
  loop_->Post([this, session, report] {
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return;
    it->second.acknowledged = report.sequence();
    it->second.owes_answer = true;
    cluster_.TakeReport(it->second.worker, session, report, Now());
  });
}

void Coordinator::Detach(int64_t session) {
  loop_->Post([this, session] {
    const auto it = sessions_.find(session);
    if (it == sessions_.end()) return;
    LogInfo("worker's stream ended", {{"worker", it->second.worker}});
    cluster_.Detach(it->second.worker, session, Now());
    sessions_.erase(it);
  });
}

void Coordinator::WatchJob(const v1::WatchJobRequest& request,
                           std::shared_ptr<WatchStream> stream) {
  const bool posted = loop_->Post([this, request, stream] {
    const auto job = cluster_.FindJob(request.name());
    if (!job.ok()) return stream->Close(job.status());
    watches_.push_back({request.name(), request.after_sequence(), stream});
  });
  if (!posted) stream->Close(GoingDown());
}

void Coordinator::Tick() {
  const absl::Time now = Now();
  cluster_.Tick(now);
  for (const Placement& placement : Place(PlacementInputOf(cluster_, now))) {
    cluster_.Place(placement.job, placement.workers, now);
  }
  Settle();
  if (!journal_status_.ok()) return;
  TellWatchers();
  ShowCluster(cluster_);
}

void Coordinator::Settle() {
  const size_t unwritten = unwritten_.size();
  if (Changes changes = cluster_.TakeChanges(Now()); !changes.empty()) {
    unwritten_.push_back(std::move(changes));
  }
  const bool changed = unwritten_.size() > unwritten || unwritten > 0;
  journal_status_ = WriteJournal();
  Answer(journal_status_);
  InformWorkers(/*all=*/changed);
}

absl::Status Coordinator::WriteJournal() {
  while (!unwritten_.empty()) {
    const absl::Status status = journal_->Commit(unwritten_.front());
    if (!status.ok()) {
      LogError("the journal cannot be written", {{"error", status.ToString()}});
      return absl::UnavailableError(
          absl::StrCat("the coordinator cannot write its journal: ", status.message()));
    }
    CountChanges(unwritten_.front());
    unwritten_.erase(unwritten_.begin());
  }
  return absl::OkStatus();
}

void Coordinator::Answer(const absl::Status& journal) {
  for (const auto& answer : std::exchange(answers_, {})) answer(journal);
}

void Coordinator::InformWorkers(bool all) {
  for (auto& [number, session] : sessions_) {
    if (all || session.owes_answer) Inform(&session, journal_status_.ok());
  }
}

void Coordinator::Inform(Session* session, bool journal_ok) {
  std::string desired = session->told;
  if (journal_ok) {
    const auto assignment = cluster_.AssignmentFor(session->worker);
    desired = assignment.has_value() ? assignment->SerializeAsString() : std::string();
  }
  const bool may_answer = session->acknowledged > 0 && (journal_ok || session->informed);
  if (!may_answer || !(session->owes_answer || desired != session->told)) return;
  v1::AttachResponse response;
  response.set_acknowledged_sequence(session->acknowledged);
  if (!desired.empty()) response.mutable_assignment()->ParseFromString(desired);
  if (auto link = cluster_.LinkToMeasure(session->worker)) {
    *response.mutable_link_to_measure() = *std::move(link);
  }
  if (const v1::Member* const relay = cluster_.RelayOf(session->worker)) {
    *response.mutable_relay() = *relay;
  }
  session->stream->Send(response);
  session->owes_answer = false;
  session->informed = true;
  session->told = std::move(desired);
}

void Coordinator::TellWatchers() {
  const std::set<std::string> touched = cluster_.TakeTouched();
  for (Watch& watch : watches_) watch.due = watch.due || touched.count(watch.job) > 0;
  watches_.erase(std::remove_if(watches_.begin(), watches_.end(),
                                [this](Watch& watch) { return !Tell(&watch); }),
                 watches_.end());
}

bool Coordinator::Tell(Watch* watch) {
  const WatchStream::State state = watch->stream->state();
  if (state == WatchStream::State::kGone) return false;
  if (!watch->due || state == WatchStream::State::kBusy) return true;
  const Job* job = *cluster_.FindJob(watch->job);
  v1::WatchJobResponse response;
  *response.mutable_job() = job->job();
  absl::StatusOr<std::vector<v1::JobEvent>> events = std::vector<v1::JobEvent>();
  if (watch->after_sequence < job->record().last_event) {
    events = journal_->Events(watch->job, watch->after_sequence, kEventsAMessage);
  }
  if (!events.ok()) {
    watch->stream->Close(events.status());
    return false;
  }
  for (v1::JobEvent& event : *events) *response.add_events() = std::move(event);
  if (!events->empty()) watch->after_sequence = response.events().rbegin()->sequence();
  watch->stream->Send(std::move(response));
  watch->due = watch->after_sequence < job->record().last_event;
  if (watch->due || !HasEnded(job->job().state())) return true;
  watch->stream->Close(absl::OkStatus());
  return false;
}

void Coordinator::CloseStreams() {
  for (auto& [number, session] : sessions_) session.stream->Close(GoingDown());
  for (Watch& watch : watches_) watch.stream->Close(GoingDown());
  sessions_.clear();
  watches_.clear();
}

}  // namespace ropewalk
