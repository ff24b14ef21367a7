#include "tests/testing/sample_job.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/config.h"
#include "worker/model/safetensors.h"
#include "worker/model/weight_specs.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

constexpr char kTokenizer[] = "examples/pretrain/untrained";
constexpr char kConfig[] = R"({
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
  "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
  "rms_norm_eps": 1e-05, "vocab_size": 264, "eos_token_id": 256, "hidden_act": "silu"})";

absl::Status Write(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  return file ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("cannot write ", path));
}

absl::StatusOr<std::string> RandomWeights() {
  ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(kConfig, "config.json"));
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  std::vector<std::vector<float>> values;
  std::vector<TensorView> tensors;
  for (size_t i = 0; i < specs.size(); ++i) {
    std::vector<float>& weight = values.emplace_back(specs[i].size, 1.0f);
    if (!specs[i].is_norm) FillNormal(5, i, 0.05f, weight.data(), specs[i].size);
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    tensors.push_back({specs[i].name, Dtype::kF32, specs[i].shape,
                       absl::string_view(reinterpret_cast<const char*>(values[i].data()),
                                         values[i].size() * sizeof(float))});
  }
  return SerializeSafetensors(tensors);
}

std::string Rows(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&rows, R"({"prompt": "count )", std::string(1 + i % 9, 'a' + i % 26),
                    R"( ->", "completion": " )", 1 + i % 9, "\"}\n");
  }
  return rows;
}

std::string JobFile(const std::string& folder, const std::string& method) {
  return absl::StrCat(
      "name: sample\nbase_model: ", folder, "/model\ntrain_data: [", folder,
      "/train.jsonl]\neval_data: [", folder, "/eval.jsonl]\nmethod: {", method,
      "}\ntraining: {epochs: 10, global_batch_size: 32, micro_batch_tokens: 96, "
      "max_sequence_length: 64, "
      "learning_rate: 3.0e-3, seed: 11, eval_every_steps: 20, eval_max_new_tokens: 4, "
      "checkpoint_every_steps: 7}\nadapter: test/sample\n");
}

}  // namespace

absl::Status WriteSampleJobs(const std::string& folder) {
  const std::string model = folder + "/model";
  std::error_code error;
  std::filesystem::create_directories(model, error);
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
    std::filesystem::copy_file(absl::StrCat(kTokenizer, "/", file), absl::StrCat(model, "/", file),
                               error);
    if (error)
      return absl::UnavailableError(absl::StrCat("cannot copy ", file, ": ", error.message()));
  }
  ASSIGN_OR_RETURN(const std::string weights, RandomWeights());
  RETURN_IF_ERROR(Write(model + "/config.json", kConfig));
  RETURN_IF_ERROR(Write(model + "/model.safetensors", weights));
  RETURN_IF_ERROR(Write(folder + "/train.jsonl", Rows(192)));
  RETURN_IF_ERROR(Write(folder + "/eval.jsonl", Rows(18)));
  RETURN_IF_ERROR(
      Write(folder + "/lora.yaml", JobFile(folder, "lora: {rank: 8, alpha: 16, dropout: 0.1}")));
  return Write(folder + "/full.yaml", JobFile(folder, "full: {}"));
}

}  // namespace ropewalk
