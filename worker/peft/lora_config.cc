#include "worker/peft/lora_config.h"

#include "absl/strings/str_cat.h"

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

}  // namespace ropewalk
