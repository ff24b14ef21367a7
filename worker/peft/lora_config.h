#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/parameter_layout.h"
#include "worker/model/weight_specs.h"
#include "worker/peft/base_weights.h"

namespace ropewalk {

// Low-rank adapters (Hu et al., 2021) on chosen linear layers of one model: y = x Wᵀ + (alpha /
// rank) dropout(x) Aᵀ Bᵀ, A [rank, in], B [out, rank].
struct LoraConfig {
  int64_t rank = 16;
  double alpha = 32;
  double dropout = 0;           // probability, of x's elements on their way to A
  std::vector<int64_t> places;  // of the model's linear layers, ascending

  // Of places that have another rank or alpha.
  std::map<int64_t, int64_t> ranks = {};
  std::map<int64_t, double> alphas = {};

  // Weight decomposition: each output has a magnitude that trains (see dora.h).
  bool dora = false;

  // LoRA+ (Hayou et al., 2024): by what the learning rate of B and of all vectors is multiplied.
  double b_learning_rate_factor = 1;

  // What of the base trains, too.
  BaseWeights base = {};

  int64_t RankAt(int64_t place) const;
  double AlphaAt(int64_t place) const;
  double ScaleAt(int64_t place) const { return AlphaAt(place) / RankAt(place); }
};

// A and B of each place in turn, with DoRA also its magnitudes [out], under the names PEFT gives
// them; then the weights of the base that train.
ParameterLayout LoraLayout(const std::vector<LinearPlace>& model_places, const LoraConfig& config);

// Rank-stabilised LoRA (Kalajdzievski, 2023) scales by alpha / sqrt(rank): gives every place the
// alpha with which alpha / rank is that.
void StabilizeRanks(LoraConfig* config);

// Sets config->ranks or config->alphas from PEFT's rank_pattern or alpha_pattern: of its keys that
// match a place (see ModulePattern::CompileKey) the first in alphabetical order counts.
// INVALID_ARGUMENT: a key is not a pattern.
absl::Status ApplyRankPattern(const std::vector<LinearPlace>& model_places,
                              const std::map<std::string, int64_t>& pattern, LoraConfig* config);
absl::Status ApplyAlphaPattern(const std::vector<LinearPlace>& model_places,
                               const std::map<std::string, double>& pattern, LoraConfig* config);

}  // namespace ropewalk
