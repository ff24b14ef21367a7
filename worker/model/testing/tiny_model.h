#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/transformer.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/packed_tokens.h"

namespace ropewalk::testing {

// A model small enough for tests: 2 layers, hidden 16, 4 heads of 4 with 2 key-value heads, inner
// 24, vocabulary 32.
ModelConfig TinyConfig(bool tied = false);

// Its config.json.
std::string TinyConfigJson(bool tied = false);

// Its weights in the order of WeightSpecs, [sum of sizes]: norms within 1 ± 0.2, the rest within ±
// 0.5; a function of the seed alone.
std::vector<float> TinyWeights(const ModelConfig& config, uint64_t seed = 1);

// model.safetensors with these weights.
std::string TinySafetensors(const ModelConfig& config, const std::vector<float>& weights);

// Documents packed, each position a target but each document's last.
PackedTokens Pack(const std::vector<std::vector<int32_t>>& documents);

// Gives `model` all its weights, in the order of WeightSpecs.
template <typename T>
void SetWeights(const std::vector<Wide<T>>& weights, Transformer<T>* model) {
  int64_t index = 0, offset = 0;
  for (const WeightSpec& spec : WeightSpecs(model->config())) {
    model->SetWeight(index++, absl::MakeSpan(weights).subspan(offset, spec.size));
    offset += spec.size;
  }
}

// A folder below the tests' temporary folder that holds these files (path → bytes) and nothing
// else, for as long as the object lives.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::map<std::string, std::string>& files);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace ropewalk::testing
