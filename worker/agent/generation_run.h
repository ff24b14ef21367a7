#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/common/mutex.h"
#include "worker/agent/checkpointer.h"
#include "worker/agent/desired_state.h"
#include "worker/agent/link_prober.h"
#include "worker/agent/report_board.h"
#include "worker/ring/mesh.h"
#include "worker/ring/ring.h"
#include "worker/ring/ring_endpoint.h"
#include "worker/train/training_job.h"

namespace ropewalk {

// This worker's life in one generation of a job: pulls the state if it lags, joins the ring, takes
// steps, evaluates and keeps checkpoints until the last step is done or something overtakes or
// breaks it. The trained state is always that of a whole step.
class GenerationRun {
 public:
  // What a generation is run with; all must outlive it.
  struct Means {
    TrainingJob* job;
    RingEndpoint* endpoint;
    DesiredState* desired;
    ReportBoard* board;
    Checkpointer* checkpointer;
    LinkProber* prober;
  };

  GenerationRun(v1::Assignment assignment, Means means);

  // OK: every step is done. Otherwise why not; IsInterruption tells whether another generation may
  // do better.
  absl::Status Run();

  // Where it broke. Meaningful after Run returned an error.
  v1::Interruption interruption(const absl::Status& why) const;

  // Whether `status` is about the ring or about being overtaken, not about the job itself.
  static bool IsInterruption(const absl::Status& status);

 private:
  absl::Status SyncState();
  absl::Status PullStateFromSource();
  std::vector<std::string> Addresses(bool all) const;
  absl::StatusOr<std::unique_ptr<GradientReducer>> Connect();
  absl::Status Train(GradientReducer* reducer);
  absl::Status TakeStep(GradientReducer* reducer);
  absl::Status EvaluateIfDue(GradientReducer* reducer);
  absl::Status SaveCheckpointIfDue(GradientReducer* reducer);
  void CountHopWaits();
  void ReportStep(const StepTiming& timing);
  absl::Status StillWanted() const;

  const v1::Assignment assignment_;
  const Means means_;
  Team team_;
  std::string phase_ = "connect";
  RingCancellation cancellation_;
  std::vector<absl::Duration> counted_waits_;  // by distance - 1
  std::unique_ptr<Ring> ring_;
  std::unique_ptr<Mesh> mesh_;  // in its place, if gradients travel rounded
};

// The lineage that versions made by this job carry.
v1::Lineage LineageOf(const v1::Assignment& assignment, const TrainingJob& job);

}  // namespace ropewalk
