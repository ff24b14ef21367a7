#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/parameter_layout.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {

// Low-rank adapters (Hu et al., 2021) on chosen linear layers of one model: y = x Wᵀ + (alpha /
// rank) dropout(x) Aᵀ Bᵀ, A [rank, in], B [out, rank].
struct LoraConfig {
  int64_t rank = 16;
  double alpha = 32;
  double dropout = 0;           // probability, of x's elements on their way to A
  std::vector<int64_t> places;  // of the model's linear layers, ascending

  double scale() const { return alpha / static_cast<double>(rank); }
};

// A and B of each place in turn, under the names PEFT gives them.
ParameterLayout LoraLayout(const std::vector<LinearPlace>& model_places, const LoraConfig& config);

// Values to start from, in that layout: A uniform in ±1 / sqrt(in), as PEFT's Kaiming
// initialisation has it, and B zero, so that the adapted model is at first the base.
void InitializeLora(const ParameterLayout& layout, uint64_t seed, absl::Span<float> parameters);

}  // namespace ropewalk
