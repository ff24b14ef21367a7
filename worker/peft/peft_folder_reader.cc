#include <map>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/float_tensor.h"
#include "worker/model/mapped_file.h"
#include "worker/model/safetensors.h"
#include "worker/model/strict_json.h"
#include "worker/peft/peft_folder.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMaxRank = 1 << 16;

absl::Status Error(absl::string_view file, absl::string_view message) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", message));
}

// Keys whose presence changes the computation unless their value is empty, false or `neutral`.
struct NeutralSetting {
  const char* key;
  Json neutral;
};

absl::Status CheckSupported(const Json& json, const std::string& file) {
  if (json.value("peft_type", Json()) != "LORA") {
    return Error(file, absl::StrCat("'peft_type' is ", json.value("peft_type", Json()).dump(),
                                    "; only \"LORA\" is supported"));
  }
  const NeutralSetting settings[] = {{"lora_bias", false},      {"fan_in_fan_out", false},
                                     {"layer_replication", {}}, {"trainable_token_indices", {}},
                                     {"target_parameters", {}}, {"alora_invocation_tokens", {}},
                                     {"use_qalora", false},     {"use_bdlora", {}},
                                     {"kasa_config", {}},       {"arrow_config", {}},
                                     {"velora_config", {}},     {"monteclora_config", {}}};
  for (const NeutralSetting& setting : settings) {
    const Json value = json.value(setting.key, Json());
    if (!value.is_null() && value != setting.neutral && value != Json::array()) {
      return Error(
          file, absl::StrCat("'", setting.key, "' is ", value.dump(), ", which is not supported"));
    }
  }
  return absl::OkStatus();
}

// Some initialisations change the base, which an adapter then presupposes.
absl::Status CheckInit(const Json& json, const std::string& file) {
  const Json init = json.value("init_lora_weights", Json());
  for (const Json& harmless :
       {Json(), Json(true), Json(false), Json("gaussian"), Json("orthogonal"), Json("eva")}) {
    if (init == harmless) return absl::OkStatus();
  }
  return Error(file, absl::StrCat("'init_lora_weights' is ", init.dump(),
                                  ": the adapter is for a base that this changed; save it with "
                                  "PEFT's path_initial_model_for_weight_conversion"));
}

bool IsRank(const Json& rank) { return rank.is_number_unsigned() && rank != 0 && rank <= kMaxRank; }

// A mapping whose values are good, or nothing.
template <typename T>
absl::StatusOr<std::map<std::string, T>> ReadPattern(const Json& json, const std::string& key,
                                                     const std::string& file,
                                                     absl::FunctionRef<bool(const Json&)> good) {
  std::map<std::string, T> pattern;
  const Json value = json.value(key, Json());
  if (value.is_null()) return pattern;
  if (!value.is_object()) return Error(file, absl::StrCat("'", key, "' is not a mapping"));
  for (const auto& [name, item] : value.items()) {
    if (!good(item)) {
      return Error(file, absl::StrCat("'", key, "' has ", item.dump(), " for '", name, "'"));
    }
    item.get_to(pattern[name]);
  }
  return pattern;
}

absl::Status ReadPatterns(const Json& json, const std::vector<LinearPlace>& model_places,
                          const std::string& file, LoraConfig* config) {
  ASSIGN_OR_RETURN(const auto ranks, ReadPattern<int64_t>(json, "rank_pattern", file, IsRank));
  ASSIGN_OR_RETURN(const auto alphas,
                   ReadPattern<double>(json, "alpha_pattern", file,
                                       [](const Json& alpha) { return alpha.is_number(); }));
  RETURN_IF_ERROR(ApplyRankPattern(model_places, ranks, config));
  return ApplyAlphaPattern(model_places, alphas, config);
}

// What json's value for the key is, or `usual` if there is none or null. Fails for another type.
template <typename T>
absl::StatusOr<T> Read(const Json& json, const char* key, T usual, const std::string& file) {
  const Json value = json.value(key, Json());
  if (value.is_null()) return usual;
  if (Json(usual).type() != value.type()) {
    return Error(file, absl::StrCat("'", key, "' is ", value.dump(), ", not as PEFT has it"));
  }
  return value.get<T>();
}

absl::Status ReadBaseWeights(const Json& json, const ModelConfig& model, const std::string& file,
                             LoraConfig* config) {
  BaseWeights& base = config->base;
  ASSIGN_OR_RETURN(const std::string bias, Read<std::string>(json, "bias", "none", file));
  ASSIGN_OR_RETURN(base.ensure_weight_tying, Read(json, "ensure_weight_tying", false, file));
  ASSIGN_OR_RETURN(const Json modules, Read(json, "modules_to_save", Json::array(), file));
  for (const Json& module : modules) {
    if (!module.is_string() || module == "") {
      return Error(file, absl::StrCat("'modules_to_save' has ", module.dump(), ", not a name"));
    }
    base.modules_to_save.push_back(module);
  }
  absl::Status status;
  if (const auto parsed = ParseLoraBias(bias); parsed.ok()) {
    base.bias = *parsed;
    status = SelectBaseWeights(model, config->places, &base);
  } else {
    status = parsed.status();
  }
  return status.ok() ? status : Error(file, status.message());
}

// `places` are those that the adapter has. rsLoRA's scale alpha / sqrt(rank) becomes an alpha of
// the plain kind.
absl::StatusOr<LoraConfig> ReadConfig(const std::string& file, const ModelConfig& model,
                                      std::vector<int64_t> places) {
  ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(mapped.bytes(), file));
  RETURN_IF_ERROR(CheckSupported(json, file));
  RETURN_IF_ERROR(CheckInit(json, file));
  const Json rank = json.value("r", Json()), alpha = json.value("lora_alpha", Json());
  if (!IsRank(rank)) return Error(file, absl::StrCat("'r' is ", rank.dump(), ", not a rank"));
  if (!alpha.is_number()) {
    return Error(file, absl::StrCat("'lora_alpha' is ", alpha.dump(), ", not a number"));
  }
  LoraConfig config;
  config.rank = rank.get<int64_t>();
  config.alpha = alpha.get<double>();
  config.places = std::move(places);
  config.dora = json.value("use_dora", Json()) == true;
  RETURN_IF_ERROR(ReadPatterns(json, LinearPlaces(model), file, &config));
  if (json.value("use_rslora", Json()) == true) StabilizeRanks(&config);
  RETURN_IF_ERROR(ReadBaseWeights(json, model, file, &config));
  return config;
}

// The places for which the file has an A.
std::vector<int64_t> PlacesIn(const Safetensors& file, const std::vector<LinearPlace>& places) {
  std::vector<int64_t> found;
  for (size_t i = 0; i < places.size(); ++i) {
    const std::string name = absl::StrCat("base_model.model.", places[i].name, ".lora_A.weight");
    if (file.tensors.count(name) > 0) found.push_back(static_cast<int64_t>(i));
  }
  return found;
}

absl::Status ReadTensor(const Safetensors& tensors, const ParameterEntry& entry,
                        const std::string& file, absl::Span<float> out) {
  const auto found = tensors.tensors.find(entry.name);
  if (found == tensors.tensors.end()) {
    return Error(file, absl::StrCat("tensor '", entry.name, "' is missing"));
  }
  const TensorView& tensor = found->second;
  if (!IsFloat(tensor.dtype) || tensor.shape != entry.shape) {
    return Error(file,
                 absl::StrCat("tensor '", entry.name, "' is ", DtypeName(tensor.dtype), " ",
                              ShapeToString(tensor.shape), "; the model and 'r' want a float ",
                              ShapeToString(entry.shape)));
  }
  ToFloat32(tensor, out);
  return absl::OkStatus();
}

// If all biases train, PEFT saves those in a saved module two more times, under the names that they
// have within it.
bool IsRepeatedBias(absl::string_view name) {
  return absl::EndsWith(name, ".bias") && (absl::StrContains(name, ".original_module.") ||
                                           absl::StrContains(name, ".modules_to_save."));
}

absl::Status CheckTiedAlike(const Safetensors& tensors, const std::string& file) {
  const auto embedding = tensors.tensors.find(kPeftEmbedding);
  const auto output = tensors.tensors.find(kPeftOutput);
  if (output == tensors.tensors.end() ||
      (embedding != tensors.tensors.end() && embedding->second.bytes == output->second.bytes)) {
    return absl::OkStatus();
  }
  return Error(file, "the tied embeddings embed_tokens and lm_head differ");
}

absl::Status CheckNothingElse(const Safetensors& tensors, const ParameterLayout& layout, bool tied,
                              const std::string& file) {
  std::set<std::string> known;
  if (tied) known.insert(kPeftOutput);
  for (const ParameterEntry& entry : layout.entries) known.insert(entry.name);
  for (const auto& [name, tensor] : tensors.tensors) {
    if (known.count(name) == 0 && !IsRepeatedBias(name)) {
      return Error(file, absl::StrCat("tensor '", name,
                                      "' fits no linear layer of the model "
                                      "and nothing that the config has trained"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoraAdapter> ReadPeftFolder(const std::string& folder, const ModelConfig& model) {
  const std::vector<LinearPlace> model_places = LinearPlaces(model);
  const std::string file = folder + "/adapter_model.safetensors";
  ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
  ASSIGN_OR_RETURN(const Safetensors tensors, ParseSafetensors(mapped.bytes(), file));
  LoraAdapter adapter;
  ASSIGN_OR_RETURN(adapter.config, ReadConfig(folder + "/adapter_config.json", model,
                                              PlacesIn(tensors, model_places)));
  const ParameterLayout layout = LoraLayout(model_places, adapter.config);
  RETURN_IF_ERROR(CheckNothingElse(tensors, layout, adapter.config.base.ensure_weight_tying, file));
  if (adapter.config.base.ensure_weight_tying) RETURN_IF_ERROR(CheckTiedAlike(tensors, file));
  adapter.parameters.resize(layout.size);
  for (const ParameterEntry& entry : layout.entries) {
    const absl::Span<float> out(adapter.parameters.data() + entry.offset, entry.size);
    RETURN_IF_ERROR(ReadTensor(tensors, entry, file, out));
  }
  return adapter;
}

}  // namespace ropewalk
