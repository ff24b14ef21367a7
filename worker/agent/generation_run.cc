#include "worker/agent/generation_run.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/metrics.h"
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

WireFormat WireFormatOf(v1::Reduction reduction) {
  switch (reduction) {
    case v1::REDUCTION_BFLOAT16:
      return WireFormat::kBfloat16;
    case v1::REDUCTION_INT8:
      return WireFormat::kInt8;
    default:
      return WireFormat::kPlain;
  }
}

// Of this worker's steps, what went where.
void CountTimes(const StepTiming& timing) {
  const auto add = [](const char* phase, absl::Duration time) {
    CounterMetric("ropewalk_worker_step_seconds_total",
                  "Time of training steps: in micro-batches (compute), waiting for the exchange "
                  "with other workers (ring), and in what else a step is (update).",
                  {{"phase", phase}})
        .Increment(std::max(0.0, absl::ToDoubleSeconds(time)));
  };
  add("compute", timing.compute);
  add("ring", timing.ring);
  add("update", timing.whole - timing.compute - timing.ring);
  CounterMetric("ropewalk_worker_steps_total", "Training steps that this worker took part in.")
      .Increment(static_cast<double>(timing.steps));
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
  ASSIGN_OR_RETURN(const std::unique_ptr<GradientReducer> reducer, Connect());
  return Train(reducer.get());
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
  ASSIGN_OR_RETURN(
      const std::string state,
      PullState(means_.prober->AddressOf(source), assignment_.job(), assignment_.generation(),
                assignment_.start_step(), kPullTimeout, &cancellation_));
  RETURN_IF_ERROR(means_.job->RestoreState(state));
  means_.job->trainer().ForgetOwed();
  return absl::OkStatus();
}

// By rank. The best ones of all others, or of the successor, whom alone a ring dials.
std::vector<std::string> GenerationRun::Addresses(bool all) const {
  const int ranks = assignment_.members_size();
  const int successor = (assignment_.rank() + 1) % ranks;
  std::vector<std::string> addresses;
  for (int rank = 0; rank < ranks; ++rank) {
    const v1::Member& member = assignment_.members(rank);
    const bool dialled = rank != assignment_.rank() && (all || rank == successor);
    addresses.push_back(dialled ? means_.prober->AddressOf(member) : member.ring_address());
  }
  return addresses;
}

absl::StatusOr<std::unique_ptr<GradientReducer>> GenerationRun::Connect() {
  phase_ = "connect";
  RingOptions options;
  options.job = assignment_.job();
  options.generation = assignment_.generation();
  options.rank = assignment_.rank();
  options.stripes = std::max(1, assignment_.stripes());
  const WireFormat wire = WireFormatOf(assignment_.spec().sync().reduction());
  options.addresses = Addresses(/*all=*/wire != WireFormat::kPlain);
  options.connect_timeout = kConnectTimeout;
  options.hop_timeout = kHopTimeout * std::max(1, assignment_.spec().sync().local_steps());
  if (wire == WireFormat::kPlain) {
    ASSIGN_OR_RETURN(ring_, Ring::Connect(options, means_.endpoint, &cancellation_));
    return std::make_unique<RingReducer>(ring_.get());
  }
  ASSIGN_OR_RETURN(mesh_, Mesh::Connect(options, means_.endpoint, &cancellation_));
  return std::make_unique<RingReducer>(mesh_.get(), wire);
}

absl::Status GenerationRun::StillWanted() const {
  if (means_.desired->OvertakenBy(assignment_) == Overtaking::kNot) return absl::OkStatus();
  return absl::CancelledError("the coordinator wants something else");
}

absl::Status GenerationRun::Train(GradientReducer* reducer) {
  RETURN_IF_ERROR(EvaluateIfDue(reducer));
  while (!means_.job->done()) {
    RETURN_IF_ERROR(StillWanted());
    RETURN_IF_ERROR(TakeStep(reducer));
    // Whoever took part in a step has no need of the state before it.
    means_.endpoint->WithdrawStates();
    RETURN_IF_ERROR(SaveCheckpointIfDue(reducer));
    RETURN_IF_ERROR(EvaluateIfDue(reducer));
  }
  return absl::OkStatus();
}

absl::Status GenerationRun::TakeStep(GradientReducer* reducer) {
  phase_ = "reduce";
  ASSIGN_OR_RETURN(const StepTiming timing, means_.job->trainer().Step(team_, reducer));
  FollowSpeeds(timing.tokens_per_second, &team_.weights);
  CountTimes(timing);
  CountHopWaits();
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

absl::Status GenerationRun::SaveCheckpointIfDue(GradientReducer* reducer) {
  if (!means_.job->CheckpointDue()) return absl::OkStatus();
  RETURN_IF_ERROR(means_.job->trainer().GatherOwed(team_, reducer));
  if (team_.rank != 0) return absl::OkStatus();
  means_.checkpointer->SaveInBackground({assignment_.job(), means_.job->state().step,
                                         means_.job->state().Serialize(means_.job->plan_digest()),
                                         LineageOf(assignment_, *means_.job)});
  return absl::OkStatus();
}

void GenerationRun::CountHopWaits() {
  const std::vector<absl::Duration>& waits = mesh_ != nullptr ? mesh_->waits() : ring_->waits();
  counted_waits_.resize(waits.size());
  const int ranks = assignment_.members_size();
  for (size_t i = 0; i < waits.size(); ++i) {
    const int distance = static_cast<int>(i) + 1;
    const v1::Member& from = assignment_.members((team_.rank + ranks - distance) % ranks);
    CounterMetric("ropewalk_worker_hop_wait_seconds_total",
                  "Time in which this worker waited for what another was to send, computing "
                  "meanwhile or not.",
                  {{"from", from.worker()}})
        .Increment(absl::ToDoubleSeconds(waits[i] - counted_waits_[i]));
    counted_waits_[i] = waits[i];
  }
}

// A round's steps share its times.
void GenerationRun::ReportStep(const StepTiming& timing) {
  const TrainState& state = means_.job->state();
  const uint64_t digest = state.Digest();
  const auto share_of = [&](absl::Duration time) {
    return absl::ToDoubleSeconds(time) / static_cast<double>(timing.steps);
  };
  means_.board->Update([&](v1::WorkerReport& report) {
    report.set_committed_step(state.step);
    report.set_state_digest(digest);
    for (auto record = state.steps.end() - timing.steps; record != state.steps.end(); ++record) {
      v1::StepReport* step = report.add_steps();
      step->set_step(record->step);
      step->set_loss(record->loss);
      step->set_learning_rate(record->learning_rate);
      step->set_grad_norm(record->grad_norm);
      step->set_tokens(record->tokens);
      step->set_own_tokens(timing.own_tokens / timing.steps);
      step->set_compute_seconds(share_of(timing.compute));
      step->set_ring_seconds(share_of(timing.ring));
      step->set_step_seconds(share_of(timing.whole));
      step->set_recomputed(timing.recomputed);
    }
  });
}

}  // namespace ropewalk
