#include "worker/model/activations.h"

namespace ropewalk {

template <typename T>
void LayerActivations<T>::Take(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take("input", rows * config.hidden_size, &input);
  arena->Take("attention norm's divisor", rows, &attention_rstd);
  arena->Take("query", rows * config.query_size(), &query);
  arena->Take("key", rows * config.key_value_size(), &key);
  if (config.query_key_norm) {
    arena->Take("query before its norm", rows * config.query_size(), &projected_query);
    arena->Take("key before its norm", rows * config.key_value_size(), &projected_key);
    arena->Take("query norm's divisor", rows * config.num_attention_heads, &query_rstd);
    arena->Take("key norm's divisor", rows * config.num_key_value_heads, &key_rstd);
  }
  arena->Take("value", rows * config.key_value_size(), &value);
  arena->Take("attended", rows * config.query_size(), &attended);
  arena->Take("log-sum-exp", rows * config.num_attention_heads, &log_sum_exp);
  arena->Take("middle", rows * config.hidden_size, &middle);
  arena->Take("MLP norm's divisor", rows, &mlp_rstd);
  arena->Take("gate", rows * config.intermediate_size, &gate);
  arena->Take("up", rows * config.intermediate_size, &up);
}

template <typename T>
void LayerScratch<T>::TakeForward(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take("norm", rows * config.hidden_size, &normed);
  arena->Take("silu(gate) up", rows * config.intermediate_size, &product);
}

template <typename T>
void LayerScratch<T>::TakeBackward(const ModelConfig& config, int64_t rows, Arena* arena) {
  arena->Take("gradient by norm", rows * config.hidden_size, &d_normed);
  arena->Take("gradient by query", rows * config.query_size(), &d_query);
  arena->Take("gradient by key", rows * config.key_value_size(), &d_key);
  arena->Take("gradient by value", rows * config.key_value_size(), &d_value);
  d_projected_query = d_query;
  d_projected_key = d_key;
  if (config.query_key_norm) {
    arena->Take("gradient by query before its norm", rows * config.query_size(),
                &d_projected_query);
    arena->Take("gradient by key before its norm", rows * config.key_value_size(),
                &d_projected_key);
  }
  arena->Take("gradient by attended", rows * config.query_size(), &d_attended);
  arena->Take("gradient by silu(gate) up", rows * config.intermediate_size, &d_product);
  arena->Take("gradient by output", rows * config.hidden_size, &d_output);
}

template struct LayerActivations<Bfloat16>;
template struct LayerActivations<float>;
template struct LayerActivations<double>;
template struct LayerScratch<Bfloat16>;
template struct LayerScratch<float>;
template struct LayerScratch<double>;

}  // namespace ropewalk
