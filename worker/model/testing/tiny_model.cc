#include "worker/model/testing/tiny_model.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "worker/model/safetensors.h"

namespace ropewalk::testing {

ModelConfig TinyConfig(bool tied) { return ParseModelConfig(TinyConfigJson(tied), "tiny").value(); }

std::string TinyConfigJson(bool tied) {
  return absl::StrCat(
      R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 16,
    "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 100.0, "eos_token_id": 1,
    "tie_word_embeddings": )",
      tied ? "true}" : "false}");
}

std::vector<float> TinyWeights(const ModelConfig& config, uint64_t seed) {
  std::mt19937_64 generator(seed);
  const auto uniform = [&] { return static_cast<float>(generator() >> 40) / (1 << 23) - 1.0f; };
  std::vector<float> weights;
  for (const WeightSpec& spec : WeightSpecs(config)) {
    for (int64_t i = 0; i < spec.size; ++i) {
      weights.push_back(spec.is_norm ? 1 + 0.2f * uniform() : 0.5f * uniform());
    }
  }
  return weights;
}

std::string TinySafetensors(const ModelConfig& config, const std::vector<float>& weights) {
  std::vector<TensorView> tensors;
  const char* bytes = reinterpret_cast<const char*>(weights.data());
  for (const WeightSpec& spec : WeightSpecs(config)) {
    const size_t size = spec.size * sizeof(float);
    tensors.push_back({spec.name, Dtype::kF32, spec.shape, {bytes, size}});
    bytes += size;
  }
  return SerializeSafetensors(tensors);
}

PackedTokens Pack(const std::vector<std::vector<int32_t>>& documents) {
  PackedTokens packed;
  packed.document_starts = {0};
  for (const std::vector<int32_t>& document : documents) {
    for (size_t i = 0; i < document.size(); ++i) {
      const bool is_last = i + 1 == document.size();
      packed.tokens.push_back(document[i]);
      packed.positions.push_back(static_cast<int32_t>(i));
      packed.targets.push_back(is_last ? -1 : document[i + 1]);
      packed.target_count += is_last ? 0 : 1;
    }
    packed.document_starts.push_back(static_cast<int32_t>(packed.tokens.size()));
  }
  return packed;
}

TemporaryFolder::TemporaryFolder(const std::map<std::string, std::string>& files) {
  path_ = (std::filesystem::temp_directory_path() / "ropewalk_XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) abort();
  for (const auto& [name, bytes] : files) {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << bytes;
  }
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

}  // namespace ropewalk::testing
