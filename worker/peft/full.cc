#include "worker/peft/full.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "services/common/status_macros.h"
#include "worker/model/float_tensor.h"
#include "worker/model/mapped_file.h"
#include "worker/model/safetensors.h"
#include "worker/model/weight_specs.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

// Files that go with a model's weights unchanged, where they are.
constexpr const char* kCompanions[] = {
    "config.json",       "generation_config.json", "tokenizer.json",
    "tokenizer.model",   "tokenizer_config.json",  "special_tokens_map.json",
    "added_tokens.json", "chat_template.jinja",    "vocab.json",
    "merges.txt"};

bool IsPerToken(const WeightSpec& spec) {
  return spec.name == "model.embed_tokens.weight" || spec.name == "lm_head.weight";
}

std::string WeightsFile(const ModelConfig& config, absl::Span<const float> parameters) {
  const Dtype dtype = config.bfloat16 ? Dtype::kBF16 : Dtype::kF32;
  const ParameterLayout layout = FullLayout(config);
  std::vector<std::string> bytes;
  std::vector<TensorView> tensors;
  for (const ParameterEntry& entry : layout.entries) {
    bytes.push_back(FromFloat32(parameters.subspan(entry.offset, entry.size), dtype));
    tensors.push_back({entry.name, dtype, entry.shape, {}});
  }
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = bytes[i];
  return SerializeSafetensors(std::move(tensors));
}

}  // namespace

ParameterLayout FullLayout(const ModelConfig& config) {
  ParameterLayout layout;
  for (const WeightSpec& spec : WeightSpecs(config)) {
    layout.Add(spec.name, spec.shape, /*decay=*/!spec.is_norm && !spec.is_bias);
    layout.entries.back().per_token = IsPerToken(spec);
  }
  return layout;
}

void InitializeFull(const ModelConfig& config, uint64_t seed, absl::Span<float> parameters) {
  float* values = parameters.data();
  uint64_t stream = 0;
  for (const WeightSpec& spec : WeightSpecs(config)) {
    if (spec.is_norm || spec.is_bias) {
      std::fill_n(values, spec.size, spec.is_norm ? 1.0f : 0.0f);
    } else {
      FillNormal(seed, stream, static_cast<float>(config.initializer_range), values, spec.size);
    }
    values += spec.size;
    ++stream;
  }
}

absl::StatusOr<std::map<std::string, std::string>> WriteModelFolder(
    const std::string& base_folder, const ModelConfig& config, absl::Span<const float> parameters) {
  ASSIGN_OR_RETURN(auto files, ReadCompanions(base_folder));
  files["model.safetensors"] = WeightsFile(config, parameters);
  return files;
}

absl::StatusOr<std::map<std::string, std::string>> ReadCompanions(const std::string& base_folder) {
  std::map<std::string, std::string> files;
  for (const char* name : kCompanions) {
    const std::string path = base_folder + "/" + name;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
    files[name] = std::string(file.bytes());
  }
  return files;
}

}  // namespace ropewalk
