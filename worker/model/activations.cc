#include "worker/model/activations.h"

namespace ropewalk {

template <typename T>
void LayerActivations<T>::Take(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take(rows * config.hidden_size, &input);
  arena->Take(rows, &attention_rstd);
  arena->Take(rows * config.query_size(), &query);
  arena->Take(rows * config.key_value_size(), &key);
  if (config.query_key_norm) {
    arena->Take(rows * config.query_size(), &projected_query);
    arena->Take(rows * config.key_value_size(), &projected_key);
    arena->Take(rows * config.num_attention_heads, &query_rstd);
    arena->Take(rows * config.num_key_value_heads, &key_rstd);
  }
  arena->Take(rows * config.key_value_size(), &value);
  arena->Take(rows * config.query_size(), &attended);
  arena->Take(rows * config.num_attention_heads, &log_sum_exp);
  arena->Take(rows * config.hidden_size, &middle);
  arena->Take(rows, &mlp_rstd);
  arena->Take(rows * config.intermediate_size, &gate);
  arena->Take(rows * config.intermediate_size, &up);
}

template <typename T>
void LayerScratch<T>::TakeForward(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take(rows * config.hidden_size, &normed);
  arena->Take(rows * config.intermediate_size, &product);
}

template <typename T>
void LayerScratch<T>::TakeBackward(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take(rows * config.hidden_size, &d_normed);
  arena->Take(rows * config.query_size(), &d_query);
  arena->Take(rows * config.key_value_size(), &d_key);
  arena->Take(rows * config.key_value_size(), &d_value);
  d_projected_query = d_query;
  d_projected_key = d_key;
  if (config.query_key_norm) {
    arena->Take(rows * config.query_size(), &d_projected_query);
    arena->Take(rows * config.key_value_size(), &d_projected_key);
  }
  arena->Take(rows * config.query_size(), &d_attended);
  arena->Take(rows * config.intermediate_size, &d_gate);
  arena->Take(rows * config.intermediate_size, &d_up);
  arena->Take(rows * config.intermediate_size, &d_product);
  arena->Take(rows * config.hidden_size, &d_output);
}

template struct LayerActivations<Bfloat16>;
template struct LayerActivations<float>;
template struct LayerActivations<double>;
template struct LayerScratch<Bfloat16>;
template struct LayerScratch<float>;
template struct LayerScratch<double>;

}  // namespace ropewalk
