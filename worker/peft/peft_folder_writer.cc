#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "worker/model/safetensors.h"
#include "worker/peft/peft_folder.h"
#include "worker/peft/target_modules.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

// PEFT's type for alpha is a whole number; most are.
Json AlphaJson(double alpha) {
  if (alpha == std::floor(alpha)) return static_cast<int64_t>(alpha);
  return alpha;
}

std::string AdapterConfig(const LoraConfig& config, const std::vector<std::string>& targets,
                          const std::string& base_model) {
  const Json json = {{"alpha_pattern", Json::object()},
                     {"auto_mapping", nullptr},
                     {"base_model_name_or_path", base_model},
                     {"bias", "none"},
                     {"fan_in_fan_out", false},
                     {"inference_mode", true},
                     {"init_lora_weights", true},
                     {"layers_pattern", nullptr},
                     {"layers_to_transform", nullptr},
                     {"lora_alpha", AlphaJson(config.alpha)},
                     {"lora_dropout", config.dropout},
                     {"modules_to_save", nullptr},
                     {"peft_type", "LORA"},
                     {"r", config.rank},
                     {"rank_pattern", Json::object()},
                     {"revision", nullptr},
                     {"target_modules", targets},
                     {"task_type", "CAUSAL_LM"},
                     {"use_dora", false},
                     {"use_rslora", false}};
  return json.dump(2) + "\n";
}

std::string Weights(const ParameterLayout& layout, absl::Span<const float> parameters) {
  std::vector<TensorView> tensors;
  for (const ParameterEntry& entry : layout.entries) {
    const char* bytes = reinterpret_cast<const char*>(parameters.data() + entry.offset);
    tensors.push_back({entry.name, Dtype::kF32, entry.shape, {bytes, entry.size * sizeof(float)}});
  }
  return SerializeSafetensors(tensors);
}

// A JSON string is one of YAML, too.
std::string ModelCard(const LoraConfig& config, const std::vector<std::string>& targets,
                      const std::string& base_model) {
  return absl::StrCat("---\nbase_model: ", Json(base_model).dump(),
                      "\nlibrary_name: peft\npipeline_tag: text-generation\n"
                      "tags:\n- lora\n- ropewalk\n---\n\n# LoRA adapter for ",
                      base_model, "\n\n| | |\n|---|---|\n| rank | ", config.rank, " |\n| alpha | ",
                      config.alpha, " |\n| dropout in training | ", config.dropout,
                      " |\n| linear layers | ", absl::StrJoin(targets, ", "),
                      " |\n\nTrained with Ropewalk. PEFT, vLLM and llama.cpp load this folder.\n");
}

}  // namespace

std::map<std::string, std::string> WritePeftFolder(const std::vector<LinearPlace>& model_places,
                                                   const LoraConfig& config,
                                                   absl::Span<const float> parameters,
                                                   const std::string& base_model) {
  const std::vector<std::string> targets = TargetsOf(model_places, config.places);
  return {{"adapter_config.json", AdapterConfig(config, targets, base_model)},
          {"adapter_model.safetensors", Weights(LoraLayout(model_places, config), parameters)},
          {"README.md", ModelCard(config, targets, base_model)}};
}

}  // namespace ropewalk
