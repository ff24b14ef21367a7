#include "worker/optim/schedule.h"

#include <algorithm>
#include <cmath>

namespace ropewalk {

double LearningRate(const ScheduleOptions& options, int64_t step) {
  const int64_t warmup = static_cast<int64_t>(std::ceil(options.warmup_ratio * options.total_steps));
  if (step < warmup) return options.peak * (step + 1) / warmup;
  const double rest = static_cast<double>(std::max<int64_t>(1, options.total_steps - warmup));
  const double t = std::min(1.0, (step - warmup) / rest);
  switch (options.kind) {
    case ScheduleKind::kConstant:
      return options.peak;
    case ScheduleKind::kLinear:
      return options.peak * (1.0 - t);
    case ScheduleKind::kCosine:
      return options.peak * 0.5 * (1.0 + std::cos(M_PI * t));
  }
  return options.peak;
}

}  // namespace ropewalk
