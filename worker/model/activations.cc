#include "worker/model/activations.h"

namespace ropewalk {

template <typename T>
void LayerActivations<T>::Take(const ModelConfig& config, int64_t rows, Arena<T>* arena) {
  input = arena->Take(rows * config.hidden_size);
  attention_rstd = arena->Take(rows);
  query = arena->Take(rows * config.query_size());
  key = arena->Take(rows * config.key_value_size());
  if (config.query_key_norm) {
    projected_query = arena->Take(rows * config.query_size());
    projected_key = arena->Take(rows * config.key_value_size());
    query_rstd = arena->Take(rows * config.num_attention_heads);
    key_rstd = arena->Take(rows * config.num_key_value_heads);
  }
  value = arena->Take(rows * config.key_value_size());
  attended = arena->Take(rows * config.query_size());
  log_sum_exp = arena->Take(rows * config.num_attention_heads);
  middle = arena->Take(rows * config.hidden_size);
  mlp_rstd = arena->Take(rows);
  gate = arena->Take(rows * config.intermediate_size);
  up = arena->Take(rows * config.intermediate_size);
}

template <typename T>
void LayerScratch<T>::TakeForward(const ModelConfig& config, int64_t rows, Arena<T>* arena) {
  normed = arena->Take(rows * config.hidden_size);
  product = arena->Take(rows * config.intermediate_size);
}

template <typename T>
void LayerScratch<T>::TakeBackward(const ModelConfig& config, int64_t rows, Arena<T>* arena) {
  d_normed = arena->Take(rows * config.hidden_size);
  d_query = arena->Take(rows * config.query_size());
  d_key = arena->Take(rows * config.key_value_size());
  d_value = arena->Take(rows * config.key_value_size());
  d_projected_query = config.query_key_norm ? arena->Take(rows * config.query_size()) : d_query;
  d_projected_key = config.query_key_norm ? arena->Take(rows * config.key_value_size()) : d_key;
  d_attended = arena->Take(rows * config.query_size());
  d_gate = arena->Take(rows * config.intermediate_size);
  d_up = arena->Take(rows * config.intermediate_size);
  d_product = arena->Take(rows * config.intermediate_size);
}

template struct LayerActivations<float>;
template struct LayerActivations<double>;
template struct LayerScratch<float>;
template struct LayerScratch<double>;

}  // namespace ropewalk
