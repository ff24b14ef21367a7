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

// How far the schedule is on its way from `begin` to the end: 0 to 1.
double Progress(int64_t step, int64_t begin, int64_t end) {
  const int64_t whole = std::max<int64_t>(1, end - begin);
  return std::clamp(static_cast<double>(step - begin) / whole, 0.0, 1.0);
}

double WsdShare(const ScheduleOptions& options, int64_t warmup, int64_t step) {
  const auto decay = static_cast<int64_t>(std::ceil(options.decay_ratio * options.total_steps));
  const int64_t begin = std::max(warmup, options.total_steps - decay);
  const double u = Progress(step, begin, options.total_steps);
  return 1.0 - (options.decay == DecayShape::kLinear ? u : std::sqrt(u));
}

// The part of the peak that is left at a step after the warm-up.
double Share(const ScheduleOptions& options, int64_t warmup, int64_t step) {
  const double t = Progress(step, warmup, options.total_steps);
  switch (options.kind) {
    case ScheduleKind::kConstant:
      return 1.0;
    case ScheduleKind::kLinear:
      return 1.0 - t;
    case ScheduleKind::kCosine:
      // (1 + cos(pi t)) / 2 = cos^2(pi t / 2)
      return Cosine(M_PI_2 * t) * Cosine(M_PI_2 * t);
    case ScheduleKind::kWsd:
      return WsdShare(options, warmup, step);
  }
  return 1.0;
}

}  // namespace

double LearningRate(const ScheduleOptions& options, int64_t step) {
  const auto warmup = static_cast<int64_t>(std::ceil(options.warmup_ratio * options.total_steps));
  if (step < warmup) return options.peak * (step + 1) / warmup;
  const double share = Share(options, warmup, step);
  return options.peak * (options.min_ratio + (1.0 - options.min_ratio) * share);
}

}  // namespace ropewalk
