#include "worker/agent/generation_run.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/agent/ring_reducer.h"
#include "worker/ring/state_transfer.h"
#include "worker/train/share.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(60);
constexpr absl::Duration kHopTimeout = absl::Seconds(60);
constexpr absl::Duration kPullTimeout = absl::Seconds(20);

Team TeamOf(const v1::Assignment& assignment) {
  Team team;
  team.rank = assignment.rank();
  team.weights.clear();
  for (const v1::Member& member : assignment.members()) team.weights.push_back(member.weight());
  return team;
}

}  // namespace

v1::Lineage LineageOf(const v1::Assignment& assignment, const TrainingJob& job) {
  v1::Lineage lineage;
  const std::string& base = assignment.inputs().base_model();
  lineage.set_base_model(base);
  lineage.set_base_model_digest(base.substr(base.rfind('/') + 1));
  *lineage.mutable_train_data() = assignment.inputs().train_data();
  lineage.set_job(assignment.job());
  lineage.set_step(job.state().step);
  lineage.set_method(assignment.spec().method().has_full() ? "full" : "lora");
  lineage.set_config_digest(job.plan_digest());
  if (!job.state().steps.empty())
    (*lineage.mutable_metrics())["loss"] = job.state().steps.back().loss;
  if (!job.state().evaluations.empty()) {
    const EvaluationRecord& last = job.state().evaluations.back();
    (*lineage.mutable_metrics())["eval_loss"] = last.loss;
    if (last.exact_match_rows > 0) {
      (*lineage.mutable_metrics())["exact_match"] =
          static_cast<double>(last.exact_matches) / last.exact_match_rows;
    }
  }
  return lineage;
}

GenerationRun::GenerationRun(v1::Assignment assignment, Means means)
    : assignment_(std::move(assignment)), means_(means), team_(TeamOf(assignment_)) {}

bool GenerationRun::IsInterruption(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

v1::Interruption GenerationRun::interruption(const absl::Status& why) const {
  v1::Interruption interruption;
  interruption.set_phase(phase_);
  interruption.set_step(means_.job->state().step);
  interruption.set_from_rank(-1);
  interruption.set_to_rank(-1);
  if (const std::optional<BrokenHop> hop = BrokenHopOf(why); hop.has_value()) {
    interruption.set_from_rank(hop->from_rank);
    interruption.set_to_rank(hop->to_rank);
  }
  interruption.set_reason(std::string(why.message()));
  return interruption;
}

absl::Status GenerationRun::Run() {
  const DesiredState::Interrupter interrupter(means_.desired, assignment_, [this] {
    cancellation_.Cancel("the coordinator wants something else");
  });
  RETURN_IF_ERROR(SyncState());
  RETURN_IF_ERROR(Connect());
  return Train();
}

absl::Status GenerationRun::SyncState() {
  const int64_t step = means_.job->state().step;
  if (step < assignment_.start_step()) return PullStateFromSource();
  if (step > assignment_.start_step()) {
    return absl::InternalError(absl::StrCat("this worker has finished step ", step,
                                            ", the generation starts at ",
                                            assignment_.start_step()));
  }
  if (assignment_.rank() == assignment_.state_source_rank() && assignment_.members_size() > 1) {
    means_.endpoint->OfferState(assignment_.job(), step,
                                std::make_shared<const std::string>(
                                    means_.job->state().Serialize(means_.job->plan_digest())));
  }
  return absl::OkStatus();
}

absl::Status GenerationRun::PullStateFromSource() {
  phase_ = "pull state";
  const v1::Member& source = assignment_.members(assignment_.state_source_rank());
  ASSIGN_OR_RETURN(const std::string state,
                   PullState(source.ring_address(), assignment_.job(), assignment_.generation(),
                             assignment_.start_step(), kPullTimeout, &cancellation_));
  return means_.job->RestoreState(state);
}

absl::Status GenerationRun::Connect() {
  phase_ = "connect";
  RingOptions options;
  options.job = assignment_.job();
  options.generation = assignment_.generation();
  options.rank = assignment_.rank();
  for (const v1::Member& member : assignment_.members())
    options.addresses.push_back(member.ring_address());
  options.connect_timeout = kConnectTimeout;
  options.hop_timeout = kHopTimeout;
  ASSIGN_OR_RETURN(ring_, Ring::Connect(options, means_.endpoint, &cancellation_));
  return absl::OkStatus();
}

absl::Status GenerationRun::StillWanted() const {
  if (means_.desired->OvertakenBy(assignment_) == Overtaking::kNot) return absl::OkStatus();
  return absl::CancelledError("the coordinator wants something else");
}

absl::Status GenerationRun::Train() {
  RingReducer reducer(ring_.get());
  RETURN_IF_ERROR(EvaluateIfDue(&reducer));
  while (!means_.job->done()) {
    RETURN_IF_ERROR(StillWanted());
    RETURN_IF_ERROR(TakeStep(&reducer));
    // Whoever took part in a step has no need of the state before it.
    means_.endpoint->WithdrawStates();
    SaveCheckpointIfDue();
    RETURN_IF_ERROR(EvaluateIfDue(&reducer));
  }
  return absl::OkStatus();
}

absl::Status GenerationRun::TakeStep(GradientReducer* reducer) {
  phase_ = "reduce";
  ASSIGN_OR_RETURN(const StepTiming timing, means_.job->trainer().Step(team_, reducer));
  FollowSpeeds(timing.tokens_per_second, &team_.weights);
  ReportStep(timing);
  return absl::OkStatus();
}

absl::Status GenerationRun::EvaluateIfDue(GradientReducer* reducer) {
  if (!means_.job->EvaluationDue()) return absl::OkStatus();
  phase_ = "evaluate";
  ASSIGN_OR_RETURN(const EvaluationRecord record, means_.job->Evaluate(team_, reducer));
  if (team_.rank != 0) return absl::OkStatus();
  means_.board->Update([&](v1::WorkerReport& report) {
    v1::Evaluation* evaluation = report.add_evaluations();
    evaluation->set_step(record.step);
    evaluation->set_loss(record.loss);
    evaluation->set_exact_matches(record.exact_matches);
    evaluation->set_exact_match_rows(record.exact_match_rows);
  });
  return absl::OkStatus();
}

void GenerationRun::SaveCheckpointIfDue() {
  if (team_.rank != 0 || !means_.job->CheckpointDue()) return;
  means_.checkpointer->SaveInBackground({assignment_.job(), means_.job->state().step,
                                         means_.job->state().Serialize(means_.job->plan_digest()),
                                         LineageOf(assignment_, *means_.job)});
}

void GenerationRun::ReportStep(const StepTiming& timing) {
  const TrainState& state = means_.job->state();
  const StepRecord& record = state.steps.back();
  const uint64_t digest = state.Digest();
  means_.board->Update([&](v1::WorkerReport& report) {
    report.set_committed_step(state.step);
    report.set_state_digest(digest);
    v1::StepReport* step = report.add_steps();
    step->set_step(record.step);
    step->set_loss(record.loss);
    step->set_learning_rate(record.learning_rate);
    step->set_grad_norm(record.grad_norm);
    step->set_tokens(record.tokens);
    step->set_own_tokens(timing.own_tokens);
    step->set_compute_seconds(absl::ToDoubleSeconds(timing.compute));
    step->set_ring_seconds(absl::ToDoubleSeconds(timing.ring));
    step->set_step_seconds(absl::ToDoubleSeconds(timing.whole));
    step->set_recomputed(timing.recomputed);
  });
}

}  // namespace ropewalk
