#include "worker/optim/schedule.h"

#include <algorithm>
#include <cmath>

namespace ropewalk {
namespace {

// For |x| <= pi / 2, by its power series; std::cos differs in the last bit from one processor to
// the next.
double Cosine(double x) {
  double term = 1.0, sum = 1.0;
  for (int k = 1; k <= 13; ++k) {
    term *= -x * x / (2 * k * (2 * k - 1));
    sum += term;
  }
  return sum;
}

// The part of the peak that is left; t goes from 0 to 1.
double Share(ScheduleKind kind, double t) {
  switch (kind) {
    case ScheduleKind::kConstant:
      return 1.0;
    case ScheduleKind::kLinear:
      return 1.0 - t;
    case ScheduleKind::kCosine:
      // (1 + cos(pi t)) / 2 = cos^2(pi t / 2)
      return Cosine(M_PI_2 * t) * Cosine(M_PI_2 * t);
  }
  return 1.0;
}

}  // namespace

double LearningRate(const ScheduleOptions& options, int64_t step) {
  const auto warmup = static_cast<int64_t>(std::ceil(options.warmup_ratio * options.total_steps));
  if (step < warmup) return options.peak * (step + 1) / warmup;
  const int64_t rest = std::max<int64_t>(1, options.total_steps - warmup);
  const double t = std::min(1.0, static_cast<double>(step - warmup) / rest);
  return options.peak * Share(options.kind, t);
}

}  // namespace ropewalk
