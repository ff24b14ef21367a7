#include "tests/bench/train/model_shapes.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"

namespace ropewalk {
namespace {

struct Shape {
  const char* name;
  const char* family;  // "llama", as config.json's model_type
  const char* architecture;
  int hidden, inner, layers, heads, key_value_heads, head_dim, vocabulary, positions;
  double rope_theta;
  double norm_epsilon;
};

// From the config.json files that their makers published; all have tied embeddings.
constexpr Shape kShapes[] = {
    {"smollm2-135m", "llama", "LlamaForCausalLM", 576, 1536, 30, 9, 3, 64, 49152, 8192, 1e5, 1e-5},
    {"smollm2-360m", "llama", "LlamaForCausalLM", 960, 2560, 32, 15, 5, 64, 49152, 8192, 1e5, 1e-5},
    {"qwen2.5-0.5b", "qwen2", "Qwen2ForCausalLM", 896, 4864, 24, 14, 2, 64, 151936, 32768, 1e6,
     1e-6},
    {"llama-3.2-1b", "llama", "LlamaForCausalLM", 2048, 8192, 16, 32, 8, 64, 128256, 131072, 5e5,
     1e-5},
};

nlohmann::json ConfigOf(const Shape& shape) {
  nlohmann::json config = {{"architectures", {shape.architecture}},
                           {"model_type", shape.family},
                           {"torch_dtype", "bfloat16"},
                           {"hidden_act", "silu"},
                           {"hidden_size", shape.hidden},
                           {"intermediate_size", shape.inner},
                           {"num_hidden_layers", shape.layers},
                           {"num_attention_heads", shape.heads},
                           {"num_key_value_heads", shape.key_value_heads},
                           {"head_dim", shape.head_dim},
                           {"vocab_size", shape.vocabulary},
                           {"max_position_embeddings", shape.positions},
                           {"rope_theta", shape.rope_theta},
                           {"rms_norm_eps", shape.norm_epsilon},
                           {"initializer_range", 0.02},
                           {"tie_word_embeddings", true}};
  if (shape.name == std::string("llama-3.2-1b")) {
    config["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 32.0},
                              {"low_freq_factor", 1.0},
                              {"high_freq_factor", 4.0},
                              {"original_max_position_embeddings", 8192}};
  }
  return config;
}

}  // namespace

std::vector<std::string> ShapeNames() {
  std::vector<std::string> names;
  for (const Shape& shape : kShapes) names.push_back(shape.name);
  return names;
}

absl::StatusOr<std::string> ShapeConfig(const std::string& name) {
  for (const Shape& shape : kShapes) {
    if (name == shape.name) return ConfigOf(shape).dump(2);
  }
  return absl::NotFoundError(
      absl::StrCat("no shape '", name, "'; there are ", absl::StrJoin(ShapeNames(), ", ")));
}

}  // namespace ropewalk
