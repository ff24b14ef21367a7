#include "worker/peft/lora_config.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/peft/module_pattern.h"

namespace ropewalk {
namespace {

template <typename T>
T ValueAt(const std::map<int64_t, T>& exceptions, int64_t place, T usual) {
  const auto found = exceptions.find(place);
  return found == exceptions.end() ? usual : found->second;
}

template <typename T>
absl::Status Apply(const std::vector<LinearPlace>& model_places, const std::vector<int64_t>& places,
                   const std::map<std::string, T>& pattern, absl::string_view field, T usual,
                   std::map<int64_t, T>* exceptions) {
  for (const auto& [key, value] : pattern) {
    ASSIGN_OR_RETURN(const ModulePattern matcher, ModulePattern::CompileKey(key, field));
    for (const int64_t place : places) {
      if (matcher.Matches(model_places[place].name)) exceptions->emplace(place, value);
    }
  }
  std::erase_if(*exceptions, [&](const auto& entry) { return entry.second == usual; });
  return absl::OkStatus();
}

}  // namespace

int64_t LoraConfig::RankAt(int64_t place) const { return ValueAt(ranks, place, rank); }
double LoraConfig::AlphaAt(int64_t place) const { return ValueAt(alphas, place, alpha); }

ParameterLayout LoraLayout(const std::vector<LinearPlace>& model_places, const LoraConfig& config) {
  ParameterLayout layout;
  for (const int64_t number : config.places) {
    const LinearPlace& place = model_places[number];
    const int64_t rank = config.RankAt(number);
    const std::string prefix = absl::StrCat("base_model.model.", place.name);
    layout.Add(prefix + ".lora_A.weight", {rank, place.in_size}, /*decay=*/true);
    layout.Add(prefix + ".lora_B.weight", {place.out_size, rank}, /*decay=*/true);
    layout.entries.back().learning_rate_factor = config.b_learning_rate_factor;
    if (!config.dora) continue;
    layout.Add(prefix + ".lora_magnitude_vector", {place.out_size}, /*decay=*/false);
    layout.entries.back().learning_rate_factor = config.b_learning_rate_factor;
  }
  for (const ParameterEntry& entry : config.base.layout.entries) {
    layout.Add(entry.name, entry.shape, entry.decay);
    layout.entries.back().per_token = entry.per_token;
    if (entry.shape.size() > 1) continue;
    layout.entries.back().learning_rate_factor = config.b_learning_rate_factor;
  }
  return layout;
}

void StabilizeRanks(LoraConfig* config) {
  const double alpha = config->alpha;
  config->alpha *= std::sqrt(static_cast<double>(config->rank));
  for (const int64_t place : config->places) {
    const double own = ValueAt(config->alphas, place, alpha) *
                       std::sqrt(static_cast<double>(config->RankAt(place)));
    config->alphas.erase(place);
    if (own != config->alpha) config->alphas[place] = own;
  }
}

absl::Status ApplyRankPattern(const std::vector<LinearPlace>& model_places,
                              const std::map<std::string, int64_t>& pattern, LoraConfig* config) {
  return Apply(model_places, config->places, pattern, "rank_pattern", config->rank, &config->ranks);
}

absl::Status ApplyAlphaPattern(const std::vector<LinearPlace>& model_places,
                               const std::map<std::string, double>& pattern, LoraConfig* config) {
  return Apply(model_places, config->places, pattern, "alpha_pattern", config->alpha,
               &config->alphas);
}

}  // namespace ropewalk
