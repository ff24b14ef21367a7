#pragma once

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "worker/optim/optimizer.h"

namespace ropewalk::testing {

// Numbers with no pattern.
inline std::vector<float> Noise(int64_t n, int64_t begin) {
  std::vector<float> noise(n);
  for (int64_t i = 0; i < n; ++i) {
    noise[i] = static_cast<float>(std::sin(12.9898 * static_cast<double>(begin + i)) * 1.7);
  }
  return noise;
}

// Parameters in training.
struct Training {
  Training(const OptimizerOptions& options, std::vector<OptimizedTensor> tensors,
           std::vector<float> start)
      : optimizer(CreateOptimizer(options, std::move(tensors))),
        p(std::move(start)),
        state(optimizer->InitialState()) {}

  void Step(double learning_rate, const std::vector<float>& gradient, float gradient_scale = 1) {
    optimizer->Step(learning_rate, ++step, gradient_scale, gradient, absl::MakeSpan(p), &state);
  }

  std::unique_ptr<Optimizer> optimizer;
  std::vector<float> p;
  OptimizerState state;
  int64_t step = 0;
};

}  // namespace ropewalk::testing
