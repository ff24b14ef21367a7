#include "worker/peft/lora_config.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "worker/tensor/philox.h"

namespace ropewalk {

ParameterLayout LoraLayout(const std::vector<LinearPlace>& model_places, const LoraConfig& config) {
  ParameterLayout layout;
  for (const int64_t number : config.places) {
    const LinearPlace& place = model_places[number];
    const std::string prefix = absl::StrCat("base_model.model.", place.name);
    layout.Add(prefix + ".lora_A.weight", {config.rank, place.in_size}, /*decay=*/true);
    layout.Add(prefix + ".lora_B.weight", {place.out_size, config.rank}, /*decay=*/true);
  }
  return layout;
}

void InitializeLora(const ParameterLayout& layout, uint64_t seed, absl::Span<float> parameters) {
  for (size_t i = 0; i < layout.entries.size(); ++i) {
    const ParameterEntry& entry = layout.entries[i];
    float* const values = parameters.data() + entry.offset;
    const bool is_a = i % 2 == 0;
    if (is_a) {
      const float bound = 1 / std::sqrt(static_cast<float>(entry.shape[1]));
      FillUniform(seed, i, bound, values, entry.size);
    } else {
      std::fill_n(values, entry.size, 0.0f);
    }
  }
}

}  // namespace ropewalk
