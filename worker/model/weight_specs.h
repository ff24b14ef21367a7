#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/model/config.h"

namespace ropewalk {

// A weight as Hugging Face's files name it. Linear weights are [out, in].
struct WeightSpec {
  std::string name;
  std::vector<int64_t> shape;
  int64_t size = 0;      // elements
  bool is_norm = false;  // a norm's scale: starts as ones, is not decayed
};

// The linear layers of a decoder layer, in the order of computation.
enum class Linear { kQuery, kKey, kValue, kOutput, kGate, kUp, kDown };
constexpr int64_t kLinearsPerLayer = 7;

// Every linear layer but the output embedding is a place where a method may hook. Its number:
constexpr int64_t PlaceOf(int64_t layer, Linear linear) {
  return layer * kLinearsPerLayer + static_cast<int64_t>(linear);
}

struct LinearPlace {
  std::string name;  // the module's path, "model.layers.0.self_attn.q_proj"
  int64_t in_size = 0;
  int64_t out_size = 0;
};

// In the order of their numbers.
std::vector<LinearPlace> LinearPlaces(const ModelConfig& config);

// All weights of a model, in the order of computation: the embedding, each layer's, the last norm,
// the output embedding unless it is tied.
std::vector<WeightSpec> WeightSpecs(const ModelConfig& config);

// Positions in that list.
constexpr int64_t kEmbeddingIndex = 0;
constexpr int64_t kWeightsPerLayer = kLinearsPerLayer + 2;
constexpr int64_t LinearIndex(int64_t layer, Linear linear) {
  const bool in_mlp = linear >= Linear::kGate;
  return 1 + layer * kWeightsPerLayer + 1 + static_cast<int64_t>(linear) + (in_mlp ? 1 : 0);
}
constexpr int64_t AttentionNormIndex(int64_t layer) { return 1 + layer * kWeightsPerLayer; }
constexpr int64_t MlpNormIndex(int64_t layer) { return AttentionNormIndex(layer) + 5; }
constexpr int64_t FinalNormIndex(int64_t layers) { return 1 + layers * kWeightsPerLayer; }
constexpr int64_t OutputIndex(int64_t layers) { return FinalNormIndex(layers) + 1; }

}  // namespace ropewalk
