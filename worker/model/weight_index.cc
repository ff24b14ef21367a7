#include "worker/model/weight_index.h"

namespace ropewalk {

WeightIndex::WeightIndex(const ModelConfig& config)
    : layers_(config.num_hidden_layers), tied_(config.tie_word_embeddings) {
  int64_t next = 1;  // after the attention's norm
  for (int64_t i = 0; i < kLinearsPerLayer; ++i) {
    const Linear linear = static_cast<Linear>(i);
    if (linear == Linear::kOutput && config.query_key_norm) {
      query_norm_ = next++;
      key_norm_ = next++;
    }
    if (linear == Linear::kGate) mlp_norm_ = next++;
    matrices_[i] = next++;
    biases_[i] = HasBias(config, linear) ? next++ : kNone;
  }
  per_layer_ = next;
}

}  // namespace ropewalk
