#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/model/quantization_config.h"
#include "worker/model/rope_config.h"

namespace ropewalk {

// A decoder of the Llama type: what decides its numbers, and nothing else. The names are those of
// Hugging Face's config.json where it has one.
struct ModelConfig {
  std::string architecture;  // "LlamaForCausalLM"
  int64_t vocab_size = 0;
  int64_t hidden_size = 0;
  int64_t intermediate_size = 0;
  int64_t num_hidden_layers = 0;
  int64_t num_attention_heads = 0;
  int64_t num_key_value_heads = 0;  // divides num_attention_heads
  int64_t head_dim = 0;             // even
  int64_t max_position_embeddings = 0;
  double rms_norm_eps = 1e-6;
  RopeConfig rope;
  bool query_key_value_bias = false;  // q_proj, k_proj and v_proj have a bias
  bool output_bias = false;           // o_proj has one
  bool mlp_bias = false;              // gate_proj, up_proj and down_proj have one
  bool query_key_norm = false;  // heads of queries and keys are normed before they are rotated
  int64_t sliding_window = 0;   // of the layers below; 0: there are none
  std::vector<bool> slides;     // [layers], or empty: none does
  bool tie_word_embeddings = false;
  double initializer_range = 0.02;                  // standard deviation of new weights
  std::vector<int32_t> eos_token_ids;               // may be empty
  bool bfloat16 = false;                            // the dtype of whole models that are written
  Quantization quantization = Quantization::kNone;  // of the checkpoint

  int64_t query_size() const { return num_attention_heads * head_dim; }
  int64_t key_value_size() const { return num_key_value_heads * head_dim; }

  // As AttentionShape::window: the tokens that one of this layer sees, itself included; 0: all
  // before it.
  int64_t WindowOf(int64_t layer) const {
    return !slides.empty() && slides[layer] ? sliding_window : 0;
  }

  // The most tokens that a sequence may have: max_position_embeddings, or where RoPE is scaled
  // beyond it (linear, yarn) that times the factor. Dynamic scaling fits any length.
  int64_t longest_sequence() const;
};

// Reads the text of a config.json, as transformers 4 or 5 writes it. Families: Llama, Mistral,
// Qwen2, Qwen3; what a key means, and its default, is what transformers 5 makes of it for that
// family. `file` is for messages.
// INVALID_ARGUMENT: not such a file, an architecture that is not known, or a key that changes the
// numbers and is not implemented, known to transformers or not (config_keys.h has the rule); the
// message names the key, its value and what is supported.
absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view json, absl::string_view file);

}  // namespace ropewalk
