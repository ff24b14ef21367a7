#include "worker/agent/agent.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/backoff.h"
#include "services/common/grpc_status.h"
#include "services/common/logging.h"
#include "services/common/registry_client.h"
#include "services/common/status_macros.h"
#include "worker/agent/generation_run.h"

namespace ropewalk {
namespace {

// Waiting may mend it: the registry is away or busy, or its disk is full.
bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsCancelled(status);
}

Backoff NewBackoff() { return Backoff(absl::Milliseconds(200), absl::Seconds(5), 0); }

void LogMemory(const std::string& job, const MemoryChoice& memory) {
  LogInfo("memory planned", {{"job", job},
                             {"total", Gigabytes(memory.plan.bytes())},
                             {"checkpointed_layers", absl::StrCat(memory.checkpointed_layers)},
                             {"parts", memory.plan.Summary()}});
}

}  // namespace

void Agent::Run() {
  while (!means_.desired->shut_down()) {
    const std::optional<v1::Assignment> wanted = means_.desired->Get();
    TurnTo(wanted);
    means_.desired->AwaitChange(wanted, absl::Hours(1));
  }
  BeIdle();
}

void Agent::TurnTo(const std::optional<v1::Assignment>& wanted) {
  if (!wanted.has_value()) return BeIdle();
  if (wanted->job() != job_name_) {
    BeIdle();
    job_name_ = wanted->job();
    const absl::Status loaded = LoadJob(*wanted);
    if (absl::IsCancelled(loaded)) return BeIdle();
    if (!loaded.ok()) return Fail(*wanted, loaded);
  }
  if (failed_) return;
  switch (wanted->goal()) {
    case v1::Assignment::PREPARE:
      return BePrepared(*wanted);
    case v1::Assignment::RUN:
      return RunGeneration(*wanted);
    case v1::Assignment::STOP:
      return Stop(*wanted);
    default:
      LogWarning("an assignment without a goal is ignored", {{"job", wanted->job()}});
  }
}

void Agent::BeIdle() {
  means_.endpoint->WithdrawStates();
  job_.reset();
  job_name_.clear();
  failed_ = false;
  last_run_generation_ = 0;
  means_.board->Update([](v1::WorkerReport& report) {
    report.Clear();
    report.set_phase(v1::WORKER_PHASE_IDLE);
  });
}

void Agent::Report(const v1::Assignment& assignment, Phase phase, absl::string_view activity,
                   absl::FunctionRef<void(v1::WorkerReport&)> more) {
  means_.board->Update([&](v1::WorkerReport& report) {
    report.set_phase(phase);
    report.set_job(assignment.job());
    report.set_generation(assignment.generation());
    report.set_activity(std::string(activity));
    report.clear_interruption();
    more(report);
    if (job_ == nullptr) return;
    report.set_committed_step(job_->state().step);
    report.set_state_digest(job_->state().Digest());
    report.set_plan_digest(job_->plan_digest());
    report.set_total_steps(job_->total_steps());
  });
}

void Agent::Fail(const v1::Assignment& assignment, const absl::Status& error) {
  LogError("the job fails here",
           {{"job", assignment.job()}, {"reason", std::string(error.message())}});
  failed_ = true;
  means_.board->Update([&](v1::WorkerReport& report) {
    report.set_phase(v1::WORKER_PHASE_FAILED);
    report.set_job(assignment.job());
    report.set_generation(assignment.generation());
    *report.mutable_error() = ToProtoStatus(error);
  });
}

// Loads the job, trying again while what hinders it may pass. CANCELLED: it is no longer wanted.
absl::Status Agent::LoadJob(const v1::Assignment& assignment) {
  Backoff backoff = NewBackoff();
  while (true) {
    Report(assignment, v1::WORKER_PHASE_PREPARING, "fetching and loading");
    const absl::Status status = LoadOnce(assignment);
    const std::optional<v1::Assignment> wanted = means_.desired->Get();
    if (!wanted.has_value() || wanted->job() != assignment.job())
      return absl::CancelledError("no longer wanted");
    if (!IsPassing(status)) return status;
    Report(assignment, v1::WORKER_PHASE_PREPARING, absl::StrCat("waits: ", status.message()));
    means_.desired->AwaitChange(wanted, backoff.Next());
  }
}

absl::Status Agent::LoadOnce(const v1::Assignment& assignment) {
  ASSIGN_OR_RETURN(const TrainingFiles files, means_.cache->Fetch(assignment.inputs()));
  Report(assignment, v1::WORKER_PHASE_PREPARING, "loading the model and tokenising");
  ASSIGN_OR_RETURN(job_, TrainingJob::Prepare(assignment.spec(), assignment.inputs(), files,
                                              means_.clock, [] { return MemoryAtHand(); }));
  LogMemory(assignment.job(), job_->memory());
  if (assignment.checkpoint_version().empty()) return absl::OkStatus();
  Report(assignment, v1::WORKER_PHASE_PREPARING, "fetching the checkpoint");
  ASSIGN_OR_RETURN(const std::string state,
                   means_.cache->FetchCheckpoint(assignment.checkpoint_version()));
  return job_->RestoreState(state);
}

void Agent::BePrepared(const v1::Assignment& assignment) {
  Report(assignment, v1::WORKER_PHASE_PREPARED, "waits for the ring");
}

void Agent::RunGeneration(const v1::Assignment& assignment) {
  if (assignment.generation() == last_run_generation_) return;
  last_run_generation_ = assignment.generation();
  Report(assignment, v1::WORKER_PHASE_RUNNING, "training");
  GenerationRun run(assignment, {job_.get(), means_.endpoint, means_.desired, means_.board,
                                 means_.checkpointer, means_.prober});
  const absl::Status status = run.Run();
  if (status.ok()) return Finish(assignment);
  if (!GenerationRun::IsInterruption(status)) return Fail(assignment, status);
  // Overtaken: what is wanted now says all; only a ring that broke by itself is news.
  if (means_.desired->OvertakenBy(assignment) != Overtaking::kNot) return;
  LogWarning("the ring broke",
             {{"job", assignment.job()}, {"reason", std::string(status.message())}});
  Report(
      assignment, v1::WORKER_PHASE_INTERRUPTED, "waits for the next generation",
      [&](v1::WorkerReport& report) { *report.mutable_interruption() = run.interruption(status); });
}

void Agent::Finish(const v1::Assignment& assignment) {
  std::string version;
  if (assignment.rank() == 0) {
    const absl::StatusOr<std::string> published =
        Persist(assignment, "publishing", [&] { return PublishResult(assignment); });
    if (absl::IsCancelled(published.status())) return;
    if (!published.ok()) return Fail(assignment, published.status());
    version = *published;
  }
  Report(assignment, v1::WORKER_PHASE_FINISHED, "finished",
         [&](v1::WorkerReport& report) { report.set_result_version(version); });
}

void Agent::Stop(const v1::Assignment& assignment) {
  if (assignment.rank() == 0 && job_->state().step > 0) {
    const Checkpoint checkpoint{assignment.job(), job_->state().step,
                                job_->state().Serialize(job_->plan_digest()),
                                LineageOf(assignment, *job_)};
    const absl::StatusOr<std::string> saved = Persist(
        assignment, "saving a checkpoint", [&] { return means_.checkpointer->Save(checkpoint); });
    if (absl::IsCancelled(saved.status())) return;
    if (!saved.ok()) return Fail(assignment, saved.status());
  }
  Report(assignment, v1::WORKER_PHASE_STOPPED, "stopped");
}

// Publishes, trying again while what hinders it may pass. CANCELLED: the job is no longer wanted.
absl::StatusOr<std::string> Agent::Persist(const v1::Assignment& assignment,
                                           absl::string_view activity,
                                           std::function<absl::StatusOr<std::string>()> publish) {
  Backoff backoff = NewBackoff();
  while (true) {
    Report(assignment, v1::WORKER_PHASE_RUNNING, activity);
    const absl::StatusOr<std::string> version = publish();
    if (version.ok() || !IsPassing(version.status())) return version;
    const std::optional<v1::Assignment> wanted = means_.desired->Get();
    if (HowOvertaken(assignment, wanted) != Overtaking::kNot)
      return absl::CancelledError("no longer wanted");
    Report(assignment, v1::WORKER_PHASE_RUNNING,
           absl::StrCat(activity, ", waits: ", version.status().message()));
    means_.desired->AwaitChange(wanted, backoff.Next());
  }
}

absl::StatusOr<std::string> Agent::PublishResult(const v1::Assignment& assignment) {
  if (!means_.may_publish()) {
    return absl::UnavailableError(
        "the coordinator has not been heard of; nothing may be published");
  }
  ASSIGN_OR_RETURN(const auto result, job_->Result());
  std::vector<SourceFile> files;
  for (const auto& [path, bytes] : result) files.push_back(SourceFile::InMemory(path, bytes));
  const bool full = assignment.spec().method().has_full();
  const std::string repository =
      absl::StrCat(full ? "models/" : "adapters/", assignment.spec().adapter());
  ASSIGN_OR_RETURN(const v1::Version version,
                   means_.registry->Publish(repository, files, LineageOf(assignment, *job_), {}));
  return version.name();
}

}  // namespace ropewalk
