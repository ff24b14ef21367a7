#include "worker/model/config_family.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostTokens = std::numeric_limits<int32_t>::max();

// "layer_types" as transformers 5 spells it out: whether each layer has the sliding window. Empty:
// the key is absent.
absl::StatusOr<std::vector<bool>> ReadLayerTypes(const ConfigReader& reader, int64_t layers) {
  const Json& types = reader.Get("layer_types");
  std::vector<bool> slides;
  if (types.is_null()) return slides;
  if (!types.is_array() || types.size() != static_cast<size_t>(layers)) {
    return reader.Error("'layer_types' is not a list of num_hidden_layers (", layers, ") names");
  }
  for (const Json& type : types) {
    if (type != "full_attention" && type != "sliding_attention") {
      return reader.Error("'layer_types' has ", type.dump(),
                          R"(; only "full_attention" and "sliding_attention" are supported)");
    }
    slides.push_back(type == "sliding_attention");
  }
  return slides;
}

absl::Status ReadLlama(const ConfigReader& reader, ModelConfig* config) {
  RETURN_IF_ERROR(reader.Bool("attention_bias", &config->query_key_value_bias));
  config->output_bias = config->query_key_value_bias;
  RETURN_IF_ERROR(reader.Bool("mlp_bias", &config->mlp_bias));
  ASSIGN_OR_RETURN(const std::vector<bool> slides,
                   ReadLayerTypes(reader, config->num_hidden_layers));
  if (std::find(slides.begin(), slides.end(), true) == slides.end()) return absl::OkStatus();
  return reader.Error("'layer_types' has \"sliding_attention\"; ", config->architecture,
                      " supports only \"full_attention\"");
}

// All layers slide, unless the window is null; a config without the key has the default of 4096.
absl::Status ReadMistral(const ConfigReader& reader, ModelConfig* config) {
  const bool slides =
      !reader.json().contains("sliding_window") || !reader.Get("sliding_window").is_null();
  config->sliding_window = slides ? 4096 : 0;
  if (slides) RETURN_IF_ERROR(reader.Count("sliding_window", kMostTokens, &config->sliding_window));
  config->slides.assign(config->num_hidden_layers, slides);
  ASSIGN_OR_RETURN(const std::vector<bool> types,
                   ReadLayerTypes(reader, config->num_hidden_layers));
  if (types.empty() || types == config->slides) return absl::OkStatus();
  return reader.Error("'layer_types' does not agree with 'sliding_window': in ",
                      config->architecture, " every layer slides, or none if the window is null");
}

// Layers from max_window_layers on slide, if use_sliding_window; layer_types goes before that.
absl::Status ReadQwenWindow(const ConfigReader& reader, ModelConfig* config) {
  bool uses_window = false;
  RETURN_IF_ERROR(reader.Bool("use_sliding_window", &uses_window));
  const bool is_null =
      reader.json().contains("sliding_window") && reader.Get("sliding_window").is_null();
  if (uses_window && !is_null) {
    config->sliding_window = 4096;
    RETURN_IF_ERROR(reader.Count("sliding_window", kMostTokens, &config->sliding_window));
  }
  const Json& first = reader.Get("max_window_layers");
  if (!first.is_null() && !first.is_number_unsigned()) {
    return reader.Error("'max_window_layers' is ", first.dump(), ", not a number of layers");
  }
  const uint64_t first_layer = first.is_null() ? 28 : first.get<uint64_t>();
  ASSIGN_OR_RETURN(config->slides, ReadLayerTypes(reader, config->num_hidden_layers));
  for (int64_t i = config->slides.size(); i < config->num_hidden_layers; ++i) {
    config->slides.push_back(config->sliding_window > 0 && static_cast<uint64_t>(i) >= first_layer);
  }
  const auto& slides = config->slides;
  if (config->sliding_window > 0 || std::find(slides.begin(), slides.end(), true) == slides.end()) {
    return absl::OkStatus();
  }
  return reader.Error(
      "'layer_types' has \"sliding_attention\" but there is no window: "
      "'use_sliding_window' must be true and 'sliding_window' a number");
}

absl::Status ReadQwen2(const ConfigReader& reader, ModelConfig* config) {
  config->query_key_value_bias = true;
  return ReadQwenWindow(reader, config);
}

absl::Status ReadQwen3(const ConfigReader& reader, ModelConfig* config) {
  RETURN_IF_ERROR(reader.Bool("attention_bias", &config->query_key_value_bias));
  config->output_bias = config->query_key_value_bias;
  config->query_key_norm = true;
  return ReadQwenWindow(reader, config);
}

const std::vector<ConfigFamily>& Families() {
  static const auto* families = new std::vector<ConfigFamily>{
      {"LlamaForCausalLM", "llama", 0, 0, 2048, {"attention_bias", "mlp_bias"}, ReadLlama},
      {"MistralForCausalLM", "mistral", 8, 0, 131072, {"sliding_window"}, ReadMistral},
      {"Qwen2ForCausalLM",
       "qwen2",
       32,
       0,
       32768,
       {"use_sliding_window", "sliding_window", "max_window_layers"},
       ReadQwen2},
      {"Qwen3ForCausalLM",
       "qwen3",
       32,
       128,
       32768,
       {"attention_bias", "use_sliding_window", "sliding_window", "max_window_layers"},
       ReadQwen3},
  };
  return *families;
}

}  // namespace

absl::StatusOr<ConfigFamily> FindConfigFamily(const ConfigReader& reader) {
  const Json& names = reader.Get("architectures");
  const Json& type = reader.Get("model_type");
  if (!names.is_null() && (!names.is_array() || names.size() != 1 || !names[0].is_string())) {
    return reader.Error("'architectures' is ", names.dump(), ", not a list of one name");
  }
  std::vector<absl::string_view> known;
  for (const ConfigFamily& family : Families()) {
    known.push_back(family.architecture);
    const std::string name(family.architecture), own_type(family.model_type);
    if (names.is_null() ? type != own_type : names[0] != name) continue;
    if (type.is_null() || type == own_type) return family;
    return reader.Error("'model_type' is ", type.dump(), ", which is not that of ", name);
  }
  if (names.is_null() && type.is_null()) return reader.Error("'architectures' is missing");
  const std::string given = names.is_null() ? type.dump() : names[0].get<std::string>();
  return reader.Error("the architecture '", given, "' is not supported; only ",
                      absl::StrJoin(known, ", "));
}

}  // namespace ropewalk
