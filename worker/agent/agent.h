#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/common/clock.h"
#include "worker/agent/checkpointer.h"
#include "worker/agent/desired_state.h"
#include "worker/agent/input_cache.h"
#include "worker/agent/link_prober.h"
#include "worker/agent/report_board.h"
#include "worker/ring/ring_endpoint.h"
#include "worker/train/training_job.h"

namespace ropewalk {

class RegistryClient;

// Makes this worker do what the coordinator desires: loads jobs, runs generations, stops,
// publishes, and says on the board where it is. One thread, the caller of Run, does all of it;
// nothing else of the class may be called meanwhile.
class Agent {
 public:
  // What the agent works with; all must outlive it.
  struct Means {
    RegistryClient* registry;
    InputCache* cache;
    RingEndpoint* endpoint;
    DesiredState* desired;
    ReportBoard* board;
    Checkpointer* checkpointer;
    LinkProber* prober;
    std::function<bool()> may_publish;
    const Clock* clock;
  };

  explicit Agent(Means means) : means_(std::move(means)) {}

  // Returns when the desired state has been shut down.
  void Run();

 private:
  using Phase = v1::WorkerPhase;

  void TurnTo(const std::optional<v1::Assignment>& wanted);
  void BeIdle();
  absl::Status LoadJob(const v1::Assignment& assignment);
  absl::Status LoadOnce(const v1::Assignment& assignment);
  void BePrepared(const v1::Assignment& assignment);
  void RunGeneration(const v1::Assignment& assignment);
  void Finish(const v1::Assignment& assignment);
  void Stop(const v1::Assignment& assignment);
  absl::StatusOr<std::string> PublishResult(const v1::Assignment& assignment);
  absl::StatusOr<std::string> Persist(const v1::Assignment& assignment, absl::string_view activity,
                                      std::function<absl::StatusOr<std::string>()> publish);
  void Fail(const v1::Assignment& assignment, const absl::Status& error);
  // Says in one report where the worker is; `more` adds what only this phase has.
  void Report(
      const v1::Assignment& assignment, Phase phase, absl::string_view activity,
      absl::FunctionRef<void(v1::WorkerReport&)> more = [](v1::WorkerReport&) {});

  const Means means_;
  std::string job_name_;  // of job_, or of the one that failed
  std::unique_ptr<TrainingJob> job_;
  bool failed_ = false;
  int64_t last_run_generation_ = 0;
};

}  // namespace ropewalk
