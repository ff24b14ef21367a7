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
  bool is_bias = false;  // of a linear layer, [out]: starts as zeros, is not decayed
};

// The linear layers of a decoder layer, in the order of computation.
enum class Linear { kQuery, kKey, kValue, kOutput, kGate, kUp, kDown };
constexpr int64_t kLinearsPerLayer = 7;

// Whether the model's layers of this kind have a bias.
bool HasBias(const ModelConfig& config, Linear linear);

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
// the output embedding unless it is tied. A bias follows its matrix. WeightIndex knows the
// positions.
std::vector<WeightSpec> WeightSpecs(const ModelConfig& config);

}  // namespace ropewalk
