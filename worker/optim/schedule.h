#pragma once

#include <cstdint>

namespace ropewalk {

enum class ScheduleKind { kConstant, kLinear, kCosine };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kCosine;
  double peak = 1e-4;
  double warmup_ratio = 0.03;  // share of total_steps, rounded up to whole steps
  int64_t total_steps = 1;
};

// The learning rate of a step, counted from 0. With w warm-up steps: peak * (step + 1) / w while
// step < w; after that, with t = (step - w) / (total_steps - w), peak times 1 (constant), 1 - t
// (linear) or (1 + cos(pi t)) / 2 (cosine; Loshchilov & Hutter, 2017). The same bits on any
// processor.
double LearningRate(const ScheduleOptions& options, int64_t step);

}  // namespace ropewalk
