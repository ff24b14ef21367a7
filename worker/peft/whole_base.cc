#include <algorithm>

#include "worker/peft/peft_folder.h"

namespace ropewalk {
namespace {

LoraConfig Doubled(LoraConfig config) {
  config.rank *= 2;
  config.alpha *= 2;
  for (auto& [place, rank] : config.ranks) rank *= 2;
  for (auto& [place, alpha] : config.alphas) alpha *= 2;
  return config;
}

}  // namespace

// [B | -B0] [A ; A0] = B A - B0 A0, with the same alpha / rank. Entries come in the same order.
LoraAdapter ForWholeBase(const std::vector<LinearPlace>& model_places, const LoraConfig& config,
                         absl::Span<const float> initial, absl::Span<const float> trained) {
  const ParameterLayout from = LoraLayout(model_places, config);
  LoraAdapter whole = {.config = Doubled(config), .parameters = {}};
  const ParameterLayout to = LoraLayout(model_places, whole.config);
  whole.parameters.resize(to.size);
  for (size_t i = 0; i < from.entries.size(); ++i) {
    const ParameterEntry& entry = from.entries[i];
    const float* const last = trained.data() + entry.offset;
    const float* const first = initial.data() + entry.offset;
    float* const out = whole.parameters.data() + to.entries[i].offset;
    if (to.entries[i].shape == entry.shape) {  // a magnitude
      std::copy_n(last, entry.size, out);
    } else if (to.entries[i].shape[1] == entry.shape[1]) {  // A
      std::copy_n(last, entry.size, out);
      std::copy_n(first, entry.size, out + entry.size);
    } else {
      const int64_t rank = entry.shape[1];
      for (int64_t row = 0; row < entry.shape[0]; ++row) {
        std::copy_n(last + row * rank, rank, out + 2 * row * rank);
        std::transform(first + row * rank, first + (row + 1) * rank, out + (2 * row + 1) * rank,
                       [](float value) { return -value; });
      }
    }
  }
  return whole;
}

}  // namespace ropewalk
