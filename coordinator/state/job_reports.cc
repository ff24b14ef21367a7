// How a job takes in what its workers report.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "coordinator/state/job.h"
#include "coordinator/state/job_state.h"
#include "coordinator/state/time_proto.h"
#include "services/common/counted.h"

namespace ropewalk {
namespace {

absl::Status ErrorOf(const std::string& worker, const v1::Status& error) {
  const absl::StatusCode code =
      error.code() == 0 ? absl::StatusCode::kUnknown : static_cast<absl::StatusCode>(error.code());
  return absl::Status(code, absl::StrCat(worker, ": ", error.message()));
}

// "hop workers/a -> workers/b", or nothing while unknown.
std::string Hop(const v1::Interruption& interruption, const v1::Assignment& plan) {
  const int from = interruption.from_rank();
  const int to = interruption.to_rank();
  const int ranks = plan.members_size();
  if (from < 0 || to < 0 || from >= ranks || to >= ranks) return "hop unknown";
  return absl::StrCat("hop ", plan.members(from).worker(), " -> ", plan.members(to).worker());
}

std::string EvaluationMessage(const v1::Evaluation& evaluation) {
  std::string message =
      absl::StrFormat("after step %d: loss %.4f", evaluation.step(), evaluation.loss());
  if (evaluation.exact_match_rows() > 0) {
    absl::StrAppendFormat(&message, ", %d of %d rows exact", evaluation.exact_matches(),
                          evaluation.exact_match_rows());
  }
  return message;
}

}  // namespace

void Job::TakeReport(const std::string& worker, const v1::WorkerReport& report, absl::Time now) {
  if (HasEnded(state())) return;
  if (report.job().empty()) return TakeIdleReport(worker);
  if (report.job() != job().name()) return;
  if (gang_.IsNewcomer(worker)) return TakeNewcomersReport(worker, report, now);
  const bool is_member = gang_.IsMember(worker);
  if (!is_member && !gang_.IsLeaver(worker)) return;
  TakeProgress(report, now);
  TakeEvaluations(report, now);
  TakeCheckpoint(worker, report, now);
  if (!report.result_version().empty()) return Succeed(report.result_version(), worker, now);
  if (!is_member) return;
  if (report.phase() == v1::WORKER_PHASE_FAILED) return Fail(ErrorOf(worker, report.error()), now);
  if (!gang_.Take(worker, report)) return;
  const absl::Status digests =
      ledger_.Check(worker, report.committed_step(), report.state_digest());
  if (!digests.ok()) return Fail(digests, now);
  if (report.phase() == v1::WORKER_PHASE_INTERRUPTED) {
    NoteInterruption(worker, report.interruption(), now);
  }
}

void Job::TakeIdleReport(const std::string& worker) {
  // Before RUN it may not have heard of the job yet; after, it was prepared and has fenced itself
  // off.
  if (gang_.plan().goal() == v1::Assignment::RUN && gang_.IsMember(worker)) {
    dropped_.insert(worker);
  }
}

void Job::TakeNewcomersReport(const std::string& worker, const v1::WorkerReport& report,
                              absl::Time now) {
  if (report.phase() == v1::WORKER_PHASE_FAILED) {
    return Refuse(worker, report.error().message(), now);
  }
  gang_.Take(worker, report);
}

void Job::Refuse(const std::string& newcomer, const std::string& why, absl::Time now) {
  refused_.insert(newcomer);
  gang_.Dismiss(newcomer);
  history_.Add(v1::JobEvent::WARNING, absl::StrCat(newcomer, " cannot join: ", why), now, newcomer);
}

void Job::TakeProgress(const v1::WorkerReport& report, absl::Time now) {
  if (!meter_.Take(report, history_.ChangeProgress())) return;
  const v1::Assignment& plan = gang_.plan();
  if (report.generation() == plan.generation() && plan.goal() == v1::Assignment::RUN) {
    NoteResumption(now);
  }
  last_step_time_ = now;
}

void Job::NoteResumption(absl::Time now) {
  interruptions_ = 0;
  if (!resuming_) return;
  resuming_ = false;
  const absl::Duration pause = now - last_step_time_;
  v1::JobEvent event;
  event.set_kind(v1::JobEvent::RESUMED);
  event.set_message(absl::StrFormat("steps go on with %s after %.1f s",
                                    Counted(gang_.seats().size(), "worker"),
                                    absl::ToDoubleSeconds(pause)));
  *event.mutable_pause() = ToProto(pause);
  history_.Add(std::move(event), now);
}

void Job::TakeEvaluations(const v1::WorkerReport& report, absl::Time now) {
  for (const v1::Evaluation& evaluation : report.evaluations()) {
    const v1::JobProgress& progress = job().progress();
    if (progress.has_evaluation() && evaluation.step() <= progress.evaluation().step()) continue;
    *history_.ChangeProgress()->mutable_evaluation() = evaluation;
    v1::JobEvent event;
    event.set_kind(v1::JobEvent::EVALUATED);
    event.set_message(EvaluationMessage(evaluation));
    event.set_step(evaluation.step());
    history_.Add(std::move(event), now);
  }
}

void Job::TakeCheckpoint(const std::string& worker, const v1::WorkerReport& report,
                         absl::Time now) {
  if (report.checkpoint_version().empty() || report.checkpoint_step() <= job().checkpoint_step()) {
    return;
  }
  v1::Job& job = history_.Change()->job;
  job.set_checkpoint_version(report.checkpoint_version());
  job.set_checkpoint_step(report.checkpoint_step());
  v1::JobEvent event;
  event.set_kind(v1::JobEvent::CHECKPOINTED);
  event.set_message(absl::StrCat("the state after step ", report.checkpoint_step(), " is kept as ",
                                 report.checkpoint_version()));
  event.set_worker(worker);
  event.set_step(report.checkpoint_step());
  history_.Add(std::move(event), now);
}

void Job::NoteInterruption(const std::string& worker, const v1::Interruption& interruption,
                           absl::Time now) {
  const v1::Assignment& plan = gang_.plan();
  if (plan.goal() != v1::Assignment::RUN || broken_generation_ == plan.generation()) return;
  broken_generation_ = plan.generation();
  const std::string what = absl::StrCat(worker, " reports that the ring broke in phase \"",
                                        interruption.phase(), "\" of step ", interruption.step(),
                                        ", ", Hop(interruption, plan), ": ", interruption.reason());
  v1::JobEvent event;
  event.set_kind(v1::JobEvent::INTERRUPTED);
  event.set_message(what);
  event.set_worker(worker);
  event.set_step(interruption.step());
  history_.Add(std::move(event), now);
  if (++interruptions_ > timing_->max_reforms) {
    return Fail(absl::UnavailableError(absl::StrCat("the ring broke ", interruptions_,
                                                    " times in a row; the last time ", what)),
                now);
  }
  resuming_ = true;
  if (state() == v1::JOB_STATE_RUNNING) {
    history_.Transition(v1::JOB_STATE_RECOVERING, "the ring broke", now);
  }
  const int doublings = std::max(0, interruptions_ - timing_->patient_reforms);
  reform_time_ = now + std::min(timing_->max_reform_delay,
                                timing_->reform_delay * static_cast<double>(1 << doublings));
}

}  // namespace ropewalk
