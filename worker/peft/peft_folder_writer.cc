#include <cmath>
#include <map>

#include "absl/functional/function_ref.h"
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

// rank_pattern or alpha_pattern: a last name if all chosen layers of that name have the value, else
// whole paths.
template <typename T>
Json Pattern(const std::vector<LinearPlace>& model_places, const std::vector<int64_t>& places,
             const std::map<int64_t, T>& exceptions, absl::FunctionRef<Json(T)> to_json) {
  std::map<T, std::vector<int64_t>> by_value;
  for (const auto& [place, value] : exceptions) by_value[value].push_back(place);
  std::vector<LinearPlace> chosen;
  std::map<int64_t, int64_t> position;
  for (const int64_t place : places) {
    position[place] = static_cast<int64_t>(chosen.size());
    chosen.push_back(model_places[place]);
  }
  Json pattern = Json::object();
  for (const auto& [value, members] : by_value) {
    std::vector<int64_t> selected;
    for (const int64_t place : members) selected.push_back(position.at(place));
    for (const std::string& name : TargetsOf(chosen, selected)) pattern[name] = to_json(value);
  }
  return pattern;
}

std::string AdapterConfig(const std::vector<LinearPlace>& model_places, const LoraConfig& config,
                          const std::vector<std::string>& targets, const std::string& base_model) {
  const std::vector<std::string>& saved = config.base.modules_to_save;
  const Json ranks = Pattern<int64_t>(model_places, config.places, config.ranks,
                                      [](int64_t rank) { return Json(rank); });
  const Json alphas = Pattern<double>(model_places, config.places, config.alphas, AlphaJson);
  Json json = {{"alpha_pattern", alphas},
               {"auto_mapping", nullptr},
               {"base_model_name_or_path", base_model},
               {"bias", LoraBiasName(config.base.bias)},
               {"fan_in_fan_out", false},
               {"inference_mode", true},
               {"init_lora_weights", true},
               {"layers_pattern", nullptr},
               {"layers_to_transform", nullptr},
               {"lora_alpha", AlphaJson(config.alpha)},
               {"lora_dropout", config.dropout},
               {"modules_to_save", saved.empty() ? Json() : Json(saved)},
               {"peft_type", "LORA"},
               {"r", config.rank},
               {"rank_pattern", ranks},
               {"revision", nullptr},
               {"target_modules", targets},
               {"task_type", "CAUSAL_LM"},
               {"use_dora", config.dora},
               {"use_rslora", false}};
  if (config.base.ensure_weight_tying) json["ensure_weight_tying"] = true;
  return json.dump(2) + "\n";
}

std::string Weights(const ParameterLayout& layout, bool tied, absl::Span<const float> parameters) {
  std::vector<TensorView> tensors;
  for (const ParameterEntry& entry : layout.entries) {
    const char* bytes = reinterpret_cast<const char*>(parameters.data() + entry.offset);
    tensors.push_back({entry.name, Dtype::kF32, entry.shape, {bytes, entry.size * sizeof(float)}});
    if (!tied || entry.name != kPeftEmbedding) continue;
    tensors.push_back(tensors.back());
    tensors.back().name = kPeftOutput;
  }
  return SerializeSafetensors(tensors);
}

const char* Readers(const LoraConfig& config) {
  if (!config.base.indices.empty()) {
    return "It has weights of the base, too: PEFT loads this folder; vLLM and llama.cpp do not.";
  }
  if (config.dora) return "PEFT loads this folder; vLLM and llama.cpp do not read DoRA.";
  if (!config.ranks.empty() || !config.alphas.empty()) {
    return "PEFT loads this folder; vLLM and llama.cpp do not read all of its rank_pattern and "
           "alpha_pattern.";
  }
  return "PEFT, vLLM and llama.cpp load this folder.";
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
                      " |\n\nTrained with Ropewalk. ", Readers(config), "\n");
}

}  // namespace

std::map<std::string, std::string> WritePeftFolder(const std::vector<LinearPlace>& model_places,
                                                   const LoraConfig& config,
                                                   absl::Span<const float> parameters,
                                                   const std::string& base_model) {
  const std::vector<std::string> targets = TargetsOf(model_places, config.places);
  return {{"adapter_config.json", AdapterConfig(model_places, config, targets, base_model)},
          {"adapter_model.safetensors",
           Weights(LoraLayout(model_places, config), config.base.ensure_weight_tying, parameters)},
          {"README.md", ModelCard(config, targets, base_model)}};
}

}  // namespace ropewalk
