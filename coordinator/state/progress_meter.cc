#include "coordinator/state/progress_meter.h"

#include <algorithm>

#include "google/protobuf/util/time_util.h"

namespace ropewalk {
namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kRecentSteps = 20;

}  // namespace

bool ProgressMeter::Take(const v1::WorkerReport& report, v1::JobProgress* progress) {
  const int64_t before = progress->step();
  if (report.total_steps() > 0) progress->set_total_steps(report.total_steps());
  for (const v1::StepReport& step : report.steps()) {
    if (step.step() <= progress->step()) continue;
    Note(step);
    progress->set_step(step.step());
    progress->set_loss(step.loss());
    progress->set_learning_rate(step.learning_rate());
  }
  progress->set_step(std::max(progress->step(), report.committed_step()));
  if (progress->step() == before) return false;
  Estimate(progress);
  return true;
}

void ProgressMeter::Restart(int64_t step, v1::JobProgress* progress) {
  recent_.clear();
  progress->set_step(step);
}

void ProgressMeter::Note(const v1::StepReport& step) {
  recent_.push_back({static_cast<double>(step.tokens()), step.step_seconds()});
  if (recent_.size() > kRecentSteps) recent_.pop_front();
}

void ProgressMeter::Estimate(v1::JobProgress* progress) const {
  double tokens = 0;
  double seconds = 0;
  for (const Sample& sample : recent_) {
    tokens += sample.tokens;
    seconds += sample.seconds;
  }
  if (seconds <= 0) return;
  progress->set_tokens_per_second(tokens / seconds);
  const auto steps_left =
      static_cast<double>(std::max<int64_t>(0, progress->total_steps() - progress->step()));
  const double seconds_left = steps_left * seconds / static_cast<double>(recent_.size());
  *progress->mutable_estimated_time_left() =
      TimeUtil::MillisecondsToDuration(static_cast<int64_t>(1000 * seconds_left));
}

}  // namespace ropewalk
