#include "worker/optim/muon.h"

#include <algorithm>
#include <cmath>

#include "worker/optim/newton_schulz.h"
#include "worker/optim/stretches.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

std::vector<OptimizedTensor> Select(const std::vector<OptimizedTensor>& tensors,
                                    bool hidden_matrix) {
  std::vector<OptimizedTensor> selected;
  for (const OptimizedTensor& tensor : tensors) {
    if (tensor.hidden_matrix == hidden_matrix) selected.push_back(tensor);
  }
  return selected;
}

double ScaleOf(MuonScale scale, const OptimizedTensor& matrix) {
  const auto rows = static_cast<double>(matrix.rows);
  const auto columns = static_cast<double>(matrix.columns);
  if (scale == MuonScale::kOriginal) return std::sqrt(std::max(1.0, rows / columns));
  return 0.2 * std::sqrt(std::max(rows, columns));
}

ROPEWALK_SIMD void Accumulate(float momentum, float rest, bool nesterov, float gradient_scale,
                              int64_t n, const float* __restrict g, float* __restrict b,
                              float* __restrict direction) {
  for (int64_t i = 0; i < n; ++i) {
    const float slope = gradient_scale * g[i];
    b[i] = momentum * b[i] + rest * slope;
    direction[i] = nesterov ? momentum * b[i] + rest * slope : b[i];
  }
}

ROPEWALK_SIMD void Move(float shrink, float rate, int64_t n, const float* __restrict direction,
                        float* __restrict p) {
  for (int64_t i = 0; i < n; ++i) p[i] = shrink * p[i] - rate * direction[i];
}

}  // namespace

Muon::Muon(const OptimizerOptions& options, const std::vector<OptimizedTensor>& tensors)
    : options_(options),
      matrices_(Select(tensors, /*hidden_matrix=*/true)),
      others_(options, Select(tensors, /*hidden_matrix=*/false)) {}

OptimizerStateSizes Muon::StateSizes() const {
  OptimizerStateSizes sizes = others_.StateSizes();
  sizes.floats["muon_momentum"] = TotalSize(matrices_);
  return sizes;
}

void Muon::Step(double learning_rate, int64_t step, float gradient_scale,
                absl::Span<const float> gradient, absl::Span<float> parameters,
                OptimizerState* state) const {
  others_.Step(learning_rate, step, gradient_scale, gradient, parameters, state);
  absl::Span<float> momentum = absl::MakeSpan(state->floats.at("muon_momentum"));
  static thread_local std::vector<float> direction;  // a step allocates nothing
  for (const OptimizedTensor& matrix : matrices_) {
    StepMatrix(learning_rate, gradient_scale, matrix,
               gradient.subspan(matrix.offset, matrix.size()),
               parameters.subspan(matrix.offset, matrix.size()), momentum.first(matrix.size()),
               &direction);
    momentum.remove_prefix(matrix.size());
  }
}

void Muon::StepMatrix(double learning_rate, float gradient_scale, const OptimizedTensor& matrix,
                      absl::Span<const float> gradient, absl::Span<float> parameters,
                      absl::Span<float> momentum, std::vector<float>* direction) const {
  direction->resize(matrix.size());
  ParallelFor(matrix.size(), [&](int64_t begin, int64_t end) {
    Accumulate(static_cast<float>(options_.momentum), static_cast<float>(1 - options_.momentum),
               options_.nesterov, gradient_scale, end - begin, &gradient[begin], &momentum[begin],
               direction->data() + begin);
  });
  NewtonSchulz(matrix.rows, matrix.columns, absl::MakeSpan(*direction));
  const double rate = learning_rate * matrix.learning_rate_factor;
  const double decay = matrix.decay ? options_.weight_decay : 0.0;
  ParallelFor(matrix.size(), [&](int64_t begin, int64_t end) {
    Move(static_cast<float>(1 - rate * decay),
         static_cast<float>(rate * ScaleOf(options_.muon_scale, matrix)), end - begin,
         direction->data() + begin, &parameters[begin]);
  });
}

}  // namespace ropewalk
