#pragma once

#include <cstdint>

#include "worker/model/arena.h"
#include "worker/model/config.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// What a layer's forward pass leaves for its backward pass; all row-major. Norms' and SwiGLU's
// outputs are not among it: they are cheap to compute again. What linear layers read and write is
// T; the residual stream and what is summed are Wide<T>.
template <typename T>
struct LayerActivations {
  Wide<T>* input = nullptr;           // [rows, hidden]
  Wide<T>* attention_rstd = nullptr;  // [rows]
  T* query = nullptr;                 // [rows, heads * head_dim], rotated
  T* key = nullptr;                   // [rows, key-value heads * head_dim], rotated
  // Queries and keys before their norm, and what the norm divides by; null without such a norm.
  T* projected_query = nullptr;    // like query
  T* projected_key = nullptr;      // like key
  Wide<T>* query_rstd = nullptr;   // [rows, heads]
  Wide<T>* key_rstd = nullptr;     // [rows, key-value heads]
  T* value = nullptr;              // like key
  T* attended = nullptr;           // like query
  Wide<T>* log_sum_exp = nullptr;  // [rows, heads], of the attention's scores
  Wide<T>* middle = nullptr;       // [rows, hidden], between attention and MLP
  Wide<T>* mlp_rstd = nullptr;     // [rows]
  T* gate = nullptr;               // [rows, inner]
  T* up = nullptr;                 // [rows, inner]

  void Take(const ModelConfig& config, int64_t rows, Arena* arena);
};

// Room that all layers use in turn.
template <typename T>
struct LayerScratch {
  T* normed = nullptr;   // [rows, hidden], the input of attention or MLP; then their output
  T* product = nullptr;  // [rows, inner], silu(gate) * up
  // Gradients by the values of these names.
  T* d_normed = nullptr;
  T* d_query = nullptr;
  T* d_projected_query = nullptr;  // without such a norm the same array as d_query
  T* d_key = nullptr;
  T* d_projected_key = nullptr;  // likewise
  T* d_value = nullptr;
  T* d_attended = nullptr;
  T* d_product = nullptr;
  T* d_output = nullptr;  // [rows, hidden], of attention or MLP: the stream's gradient as T

  void TakeForward(const ModelConfig& config, int64_t rows, Arena* arena);
  void TakeBackward(const ModelConfig& config, int64_t rows, Arena* arena);
};

}  // namespace ropewalk
