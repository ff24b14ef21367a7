#include "coordinator/state/job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/state/job_state.h"
#include "coordinator/state/time_proto.h"
#include "services/common/counted.h"

namespace ropewalk {
namespace {

v1::JobState StateAfterStop(StopReason reason) {
  switch (reason) {
    case StopReason::kPause:
      return v1::JOB_STATE_PAUSED;
    case StopReason::kCancel:
      return v1::JOB_STATE_CANCELLED;
    default:
      return v1::JOB_STATE_QUEUED;
  }
}

}  // namespace

Job::Job(JobRecord record, const Timing* timing, absl::Time now)
    : timing_(timing),
      history_(std::move(record)),
      gang_(history_.record().plan),
      last_step_time_(now),
      resuming_(state() == v1::JOB_STATE_RECOVERING),
      reform_time_(now),
      stop_deadline_(now + timing->stop_deadline) {}

std::unique_ptr<Job> Job::Create(JobRecord record, const Timing* timing, absl::Time now) {
  record.job.set_state(v1::JOB_STATE_QUEUED);
  *record.job.mutable_create_time() = ToProto(now);
  auto job = std::unique_ptr<Job>(new Job(std::move(record), timing, now));
  job->history_.Add(v1::JobEvent::STATE_CHANGED, "QUEUED: submitted", now);
  return job;
}

std::unique_ptr<Job> Job::Restore(JobRecord record, const Timing* timing, absl::Time now) {
  return std::unique_ptr<Job>(new Job(std::move(record), timing, now));
}

absl::Status Job::Pause(absl::Time now) {
  if (state() == v1::JOB_STATE_PAUSED) return absl::OkStatus();
  if (HasEnded(state()) || state() == v1::JOB_STATE_CANCELLING) {
    return absl::FailedPreconditionError(
        absl::StrCat(job().name(), " is ", JobStateName(state()), " and cannot be paused"));
  }
  if (gang_.empty() || state() == v1::JOB_STATE_PREPARING) {
    Disband();
    history_.Transition(v1::JOB_STATE_PAUSED, "as asked", now);
    return absl::OkStatus();
  }
  BeginStop(StopReason::kPause, now);
  return absl::OkStatus();
}

absl::Status Job::Cancel(absl::Time now) {
  if (state() == v1::JOB_STATE_CANCELLED || state() == v1::JOB_STATE_CANCELLING) {
    return absl::OkStatus();
  }
  if (HasEnded(state())) {
    return absl::FailedPreconditionError(
        absl::StrCat(job().name(), " has already ended: ", JobStateName(state())));
  }
  if (gang_.empty() || state() == v1::JOB_STATE_PREPARING) {
    Disband();
    history_.Transition(v1::JOB_STATE_CANCELLED, "as asked", now);
    return absl::OkStatus();
  }
  BeginStop(StopReason::kCancel, now);
  history_.Transition(v1::JOB_STATE_CANCELLING, "as asked", now);
  return absl::OkStatus();
}

absl::Status Job::Resume(absl::Time now) {
  if (HasEnded(state()) || state() == v1::JOB_STATE_CANCELLING) {
    return absl::FailedPreconditionError(
        absl::StrCat(job().name(), " is ", JobStateName(state()), " and cannot be resumed"));
  }
  if (state() == v1::JOB_STATE_PAUSED) {
    history_.Transition(v1::JOB_STATE_QUEUED, "resumed", now);
  } else if (record().stop == StopReason::kPause) {
    history_.Change()->stop = StopReason::kRequeue;
  }
  return absl::OkStatus();
}

bool Job::WantsGang() const {
  return gang_.empty() && (state() == v1::JOB_STATE_QUEUED || state() == v1::JOB_STATE_RECOVERING);
}

bool Job::WantsNewcomers() const {
  const v1::JobProgress& progress = job().progress();
  return state() == v1::JOB_STATE_RUNNING && !stopping() &&
         gang_.plan().goal() == v1::Assignment::RUN &&
         (progress.total_steps() == 0 || progress.step() < progress.total_steps());
}

void Job::Start(std::vector<v1::Member> members, absl::Time now) {
  refused_.clear();
  const size_t workers = members.size();
  Regroup(std::move(members), "", now);
  if (state() != v1::JOB_STATE_QUEUED) return;
  history_.Transition(v1::JOB_STATE_PREPARING, "on " + Counted(workers, "worker"), now);
}

void Job::Invite(v1::Member newcomer) {
  gang_.Invite(std::move(newcomer));
  PlanChanged();
}

std::optional<v1::Assignment> Job::AssignmentFor(const std::string& worker) const {
  std::optional<v1::Assignment> assignment = gang_.AssignmentFor(worker);
  if (!assignment.has_value()) return std::nullopt;
  assignment->set_job(job().name());
  *assignment->mutable_spec() = job().spec();
  *assignment->mutable_inputs() = job().inputs();
  return assignment;
}

std::optional<JobChange> Job::TakeChange(absl::Time now) {
  return history_.TakeChange(timing_->progress_journal_period, now);
}

void Job::BeginStop(StopReason reason, absl::Time now) {
  if (!stopping()) {
    stop_deadline_ = now + timing_->stop_deadline;
    gang_.Stop(gang_.Members());
  }
  history_.Change()->stop = reason;
  PlanChanged();
}

void Job::FinishStop(absl::Time now) {
  const v1::JobState next = StateAfterStop(record().stop);
  const std::string message =
      job().checkpoint_version().empty()
          ? std::string("stopped without a checkpoint")
          : absl::StrCat("stopped with the checkpoint of step ", job().checkpoint_step());
  Disband();
  history_.Transition(next, message, now);
}

void Job::Succeed(const std::string& result_version, const std::string& worker, absl::Time now) {
  history_.Change()->job.set_result_version(result_version);
  history_.Add(v1::JobEvent::PUBLISHED, absl::StrCat("published as ", result_version), now, worker);
  Disband();
  history_.Transition(v1::JOB_STATE_SUCCEEDED, "all steps are done", now);
}

void Job::Fail(const absl::Status& error, absl::Time now) {
  if (state() == v1::JOB_STATE_CANCELLING) {
    history_.Add(v1::JobEvent::WARNING, std::string(error.message()), now);
    return FinishStop(now);
  }
  v1::Status& status = *history_.Change()->job.mutable_error();
  status.set_code(static_cast<int>(error.code()));
  status.set_message(std::string(error.message()));
  Disband();
  history_.Transition(v1::JOB_STATE_FAILED, std::string(error.message()), now);
}

void Job::Disband() {
  gang_.Disband();
  history_.Change()->stop = StopReason::kNone;
  resuming_ = false;
  PlanChanged();
}

void Job::PlanChanged() {
  JobRecord& record = *history_.Change();
  record.plan = gang_.plan();
  record.job.set_generation(gang_.plan().generation());
  record.job.clear_workers();
  for (const v1::Member& member : gang_.plan().members()) record.job.add_workers(member.worker());
}

}  // namespace ropewalk
