#pragma once

#include <cstdint>
#include <deque>

#include "ropewalk/v1/job_service.pb.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Turns the step reports of a job's members, who all tell of the same steps, into the job's
// progress.
class ProgressMeter {
 public:
  // Updates `progress`. True if a step beyond progress->step() was finished.
  bool Take(const v1::WorkerReport& report, v1::JobProgress* progress);

  // The job goes on from `step`, which may lie before progress->step() when all who were ahead are
  // lost.
  void Restart(int64_t step, v1::JobProgress* progress);

 private:
  void Note(const v1::StepReport& step);
  void Estimate(v1::JobProgress* progress) const;

  struct Sample {
    double tokens;
    double seconds;
  };
  std::deque<Sample> recent_;  // the newest steps
};

}  // namespace ropewalk
