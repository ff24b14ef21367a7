#include "worker/model/weight_specs.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

std::string LayerName(int64_t layer) { return absl::StrCat("model.layers.", layer); }

WeightSpec Norm(const std::string& module, int64_t size) {
  return {.name = module + ".weight", .shape = {size}, .size = size, .is_norm = true};
}

WeightSpec Bias(const std::string& module, int64_t size) {
  return {.name = module + ".bias", .shape = {size}, .size = size, .is_bias = true};
}

WeightSpec Matrix(const std::string& module, int64_t rows, int64_t columns) {
  return {.name = module + ".weight", .shape = {rows, columns}, .size = rows * columns};
}

}  // namespace

bool HasBias(const ModelConfig& config, Linear linear) {
  if (linear >= Linear::kGate) return config.mlp_bias;
  return linear == Linear::kOutput ? config.output_bias : config.query_key_value_bias;
}

std::vector<LinearPlace> LinearPlaces(const ModelConfig& config) {
  const int64_t hidden = config.hidden_size, inner = config.intermediate_size;
  const int64_t query = config.query_size(), key_value = config.key_value_size();
  std::vector<LinearPlace> places;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string attention = LayerName(layer) + ".self_attn.";
    const std::string mlp = LayerName(layer) + ".mlp.";
    places.push_back({attention + "q_proj", hidden, query});
    places.push_back({attention + "k_proj", hidden, key_value});
    places.push_back({attention + "v_proj", hidden, key_value});
    places.push_back({attention + "o_proj", query, hidden});
    places.push_back({mlp + "gate_proj", hidden, inner});
    places.push_back({mlp + "up_proj", hidden, inner});
    places.push_back({mlp + "down_proj", inner, hidden});
  }
  return places;
}

std::vector<WeightSpec> WeightSpecs(const ModelConfig& config) {
  const std::vector<LinearPlace> places = LinearPlaces(config);
  const int64_t hidden = config.hidden_size;
  std::vector<WeightSpec> specs = {Matrix("model.embed_tokens", config.vocab_size, hidden)};
  const auto add_linears = [&](int64_t layer, Linear first, Linear last) {
    for (int64_t i = static_cast<int64_t>(first); i <= static_cast<int64_t>(last); ++i) {
      const Linear linear = static_cast<Linear>(i);
      const LinearPlace& place = places[PlaceOf(layer, linear)];
      specs.push_back(Matrix(place.name, place.out_size, place.in_size));
      if (HasBias(config, linear)) specs.push_back(Bias(place.name, place.out_size));
    }
  };
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) {
    specs.push_back(Norm(LayerName(layer) + ".input_layernorm", hidden));
    add_linears(layer, Linear::kQuery, Linear::kValue);
    if (config.query_key_norm) {
      specs.push_back(Norm(LayerName(layer) + ".self_attn.q_norm", config.head_dim));
      specs.push_back(Norm(LayerName(layer) + ".self_attn.k_norm", config.head_dim));
    }
    add_linears(layer, Linear::kOutput, Linear::kOutput);
    specs.push_back(Norm(LayerName(layer) + ".post_attention_layernorm", hidden));
    add_linears(layer, Linear::kGate, Linear::kDown);
  }
  specs.push_back(Norm("model.norm", hidden));
  if (!config.tie_word_embeddings) {
    specs.push_back(Matrix("lm_head", config.vocab_size, hidden));
  }
  return specs;
}

}  // namespace ropewalk
