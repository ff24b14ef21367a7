#pragma once

#include <cstdint>

namespace ropewalk {

enum class ScheduleKind { kConstant, kLinear, kCosine, kWsd };

// How kWsd ends.
enum class DecayShape { kOneMinusSqrt, kLinear };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kCosine;
  double peak = 1e-4;
  double warmup_ratio = 0.03;  // share of total_steps, rounded up to whole steps
  int64_t total_steps = 1;
  double decay_ratio = 0.2;  // kWsd: the last share of total_steps, rounded up to whole steps
  DecayShape decay = DecayShape::kOneMinusSqrt;
  double min_ratio = 0;  // of the peak, where the schedule ends
};

// The learning rate of a step, counted from 0. With w warm-up steps: peak * (step + 1) / w while
// step < w; after that peak * (min_ratio + (1 - min_ratio) * share), where the share is, with
// t = (step - w) / (total_steps - w):
//   constant: 1;  linear: 1 - t;  cosine: (1 + cos(pi t)) / 2 (Loshchilov & Hutter, 2017);
//   wsd, "warm-up, stable, decay": 1 until the last d steps, then, with u from 0 to 1 over these,
//   1 - sqrt(u) or 1 - u (Hägele et al., "Scaling Laws and Compute-Optimal Training Beyond Fixed
//   Training Durations", 2024). The warm-up goes first: d is at most total_steps - w.
// The same bits on any processor.
double LearningRate(const ScheduleOptions& options, int64_t step);

}  // namespace ropewalk
