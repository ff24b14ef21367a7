#include "worker/optim/adamw_8bit.h"

#include <algorithm>
#include <array>

#include "worker/optim/stretches.h"
#include "worker/tensor/dynamic_map.h"

namespace ropewalk {
namespace {

std::vector<OptimizedTensor> Small(const std::vector<OptimizedTensor>& tensors) {
  std::vector<OptimizedTensor> small;
  for (const OptimizedTensor& tensor : tensors) {
    if (tensor.size() < AdamW8Bit::kSmallest) small.push_back(tensor);
  }
  return small;
}

}  // namespace

AdamW8Bit::AdamW8Bit(const OptimizerOptions& options, const std::vector<OptimizedTensor>& tensors)
    : options_(options), small_(options, Small(tensors)) {
  int64_t state_at = 0;
  for (const OptimizedTensor& tensor : tensors) {
    if (tensor.size() < kSmallest) continue;
    for (int64_t begin = 0; begin < tensor.size(); begin += DynamicMap::kBlock) {
      const int64_t size = std::min(DynamicMap::kBlock, tensor.size() - begin);
      blocks_.push_back({large_.size(), tensor.offset + begin, state_at, size});
      state_at += size;
    }
    large_.push_back(tensor);
  }
}

OptimizerStateSizes AdamW8Bit::StateSizes() const {
  OptimizerStateSizes sizes = small_.StateSizes();
  sizes.floats["adam_m_magnitudes"] = sizes.floats["adam_v_magnitudes"] = blocks_.size();
  sizes.bytes["adam_m8"] = sizes.bytes["adam_v8"] = TotalSize(large_);
  return sizes;
}

void AdamW8Bit::Step(double learning_rate, int64_t step, float gradient_scale,
                     absl::Span<const float> gradient, absl::Span<float> parameters,
                     OptimizerState* state) const {
  small_.Step(learning_rate, step, gradient_scale, gradient, parameters, state);
  static thread_local std::vector<AdamWFactors> kept;  // a step allocates nothing
  kept.clear();
  for (const OptimizedTensor& tensor : large_) {
    kept.push_back(FactorsOf(options_, learning_rate, step, gradient_scale, tensor));
  }
  const absl::Span<const AdamWFactors> factors = kept;
  uint8_t* const m_codes = state->bytes.at("adam_m8").data();
  uint8_t* const v_codes = state->bytes.at("adam_v8").data();
  float* const m_magnitudes = state->floats.find("adam_m_magnitudes")->second.data();
  float* const v_magnitudes = state->floats.find("adam_v_magnitudes")->second.data();
  ParallelFor(blocks_.size(), [&](int64_t begin, int64_t end) {
    std::array<float, DynamicMap::kBlock> m, v;
    for (int64_t b = begin; b < end; ++b) {
      const Block& block = blocks_[b];
      uint8_t* const m_code = m_codes + block.state_at;
      uint8_t* const v_code = v_codes + block.state_at;
      DynamicMap::Signed().Dequantize(block.size, m_code, m_magnitudes[b], m.data());
      DynamicMap::Unsigned().Dequantize(block.size, v_code, v_magnitudes[b], v.data());
      AdamWUpdate(factors[block.tensor], block.size, &gradient[block.at], &parameters[block.at],
                  m.data(), v.data());
      DynamicMap::Signed().Quantize(block.size, m.data(), m_code, &m_magnitudes[b]);
      DynamicMap::Unsigned().Quantize(block.size, v.data(), v_code, &v_magnitudes[b]);
    }
  });
}

}  // namespace ropewalk
