#include "worker/model/config.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/strict_json.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

// Keys that change the numbers, with the values that leave them alone. Null and absence always do.
struct NeutralSetting {
  absl::string_view key;
  std::vector<Json> values;
};

const std::vector<NeutralSetting>& NeutralSettings() {
  static const auto* settings = new std::vector<NeutralSetting>{
      {"hidden_act", {"silu"}},        {"attention_bias", {false}},
      {"mlp_bias", {false}},           {"attention_dropout", {0}},
      {"partial_rotary_factor", {1}},  {"pretraining_tp", {1}},
      {"sliding_window", {}},          {"use_sliding_window", {false}},
      {"quantization_config", {}},     {"attention_multiplier", {}},
      {"embedding_multiplier", {1}},   {"residual_multiplier", {1}},
      {"logits_scaling", {1}},         {"logit_scale", {1}},
      {"final_logit_softcapping", {}}, {"attn_logit_softcapping", {}},
      {"use_qk_norm", {false}},        {"is_encoder_decoder", {false}},
  };
  return *settings;
}

// Reads one config.json.
class Reader {
 public:
  Reader(const Json& json, absl::string_view file) : json_(json), file_(file) {}

  absl::Status Count(absl::string_view key, int64_t* out) const {
    const Json& value = Get(json_, key);
    if (value.is_null()) return *out > 0 ? absl::OkStatus() : Error("'", key, "' is missing");
    if (!value.is_number_unsigned() || value.get<uint64_t>() == 0 ||
        value.get<uint64_t>() > std::numeric_limits<int32_t>::max()) {
      return Error("'", key, "' is ", value.dump(), ", not a positive number");
    }
    *out = value.get<int64_t>();
    return absl::OkStatus();
  }

  absl::Status Positive(const Json& object, absl::string_view key, double* out) const {
    const Json& value = Get(object, key);
    if (value.is_null()) return absl::OkStatus();
    if (!value.is_number() || !(value.get<double>() > 0) || !std::isfinite(value.get<double>())) {
      return Error("'", key, "' is ", value.dump(), ", not a positive number");
    }
    *out = value.get<double>();
    return absl::OkStatus();
  }

  absl::Status Bool(absl::string_view key, bool* out) const {
    const Json& value = Get(json_, key);
    if (value.is_null()) return absl::OkStatus();
    if (!value.is_boolean()) return Error("'", key, "' is ", value.dump(), ", not true or false");
    *out = value.get<bool>();
    return absl::OkStatus();
  }

  absl::Status CheckNeutral() const {
    for (const NeutralSetting& setting : NeutralSettings()) {
      const Json& value = Get(json_, setting.key);
      bool neutral = value.is_null();
      for (const Json& allowed : setting.values) neutral = neutral || value == allowed;
      if (!neutral) {
        return Error("'", setting.key, "' is ", value.dump(), ", which is not supported",
                     setting.values.empty() ? "" : "; only ",
                     setting.values.empty() ? "" : setting.values.front().dump());
      }
    }
    return CheckLayerTypes();
  }

  // Version 5 writes rope_parameters {rope_type, rope_theta}; version 4 rope_theta and rope_scaling
  // {rope_type or type, ...}.
  absl::Status Rope(RopeConfig* out) const {
    RETURN_IF_ERROR(Positive(json_, "rope_theta", &out->theta));
    for (const absl::string_view key : {"rope_scaling", "rope_parameters"}) {
      const Json& rope = Get(json_, key);
      if (rope.is_null()) continue;
      if (!rope.is_object()) return Error("'", key, "' is ", rope.dump(), ", not an object");
      RETURN_IF_ERROR(CheckRopeType(key, rope));
      RETURN_IF_ERROR(Positive(rope, "rope_theta", &out->theta));
    }
    return absl::OkStatus();
  }

  absl::Status EosTokenIds(std::vector<int32_t>* out) const {
    const Json& value = Get(json_, "eos_token_id");
    if (value.is_null()) return absl::OkStatus();
    for (const Json& id : value.is_array() ? value : Json::array({value})) {
      if (!id.is_number_integer()) {
        return Error("'eos_token_id' is ", value.dump(), ", not a number or a list of numbers");
      }
      out->push_back(id.get<int32_t>());
    }
    return absl::OkStatus();
  }

  absl::Status Dtype(bool* bfloat16) const {
    const Json& value = json_.contains("dtype") ? json_["dtype"] : Get(json_, "torch_dtype");
    *bfloat16 = value == "bfloat16";
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Architecture() const {
    const Json& value = Get(json_, "architectures");
    if (!value.is_array() || value.size() != 1 || !value[0].is_string()) {
      return Error("'architectures' is ", value.dump(), ", not a list of one name");
    }
    return value[0].get<std::string>();
  }

  template <typename... Parts>
  absl::Status Error(const Parts&... parts) const {
    return absl::InvalidArgumentError(absl::StrCat(file_, ": ", parts...));
  }

 private:
  static const Json& Get(const Json& object, absl::string_view key) {
    static const Json* const null = new Json();
    const auto it = object.find(std::string(key));
    return it == object.end() ? *null : *it;
  }

  absl::Status CheckLayerTypes() const {
    const Json& types = Get(json_, "layer_types");
    if (types.is_null()) return absl::OkStatus();
    for (const Json& type : types) {
      if (type != "full_attention") {
        return Error("'layer_types' contains ", type.dump(),
                     "; only \"full_attention\" is supported");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckRopeType(absl::string_view key, const Json& rope) const {
    const Json& type = rope.contains("rope_type") ? rope["rope_type"] : Get(rope, "type");
    if (!type.is_null() && type != "default") {
      return Error("'", key, "' has the type ", type.dump(), "; only \"default\" is supported");
    }
    const Json& partial = Get(rope, "partial_rotary_factor");
    if (!partial.is_null() && partial != 1) {
      return Error("'", key, "' has the partial_rotary_factor ", partial.dump(),
                   "; only 1 is supported");
    }
    return absl::OkStatus();
  }

  const Json& json_;
  const absl::string_view file_;
};

absl::Status ReadSizes(const Reader& reader, ModelConfig* config) {
  RETURN_IF_ERROR(reader.Count("vocab_size", &config->vocab_size));
  RETURN_IF_ERROR(reader.Count("hidden_size", &config->hidden_size));
  RETURN_IF_ERROR(reader.Count("intermediate_size", &config->intermediate_size));
  RETURN_IF_ERROR(reader.Count("num_hidden_layers", &config->num_hidden_layers));
  RETURN_IF_ERROR(reader.Count("num_attention_heads", &config->num_attention_heads));
  config->num_key_value_heads = config->num_attention_heads;
  RETURN_IF_ERROR(reader.Count("num_key_value_heads", &config->num_key_value_heads));
  config->head_dim = config->hidden_size / config->num_attention_heads;
  RETURN_IF_ERROR(reader.Count("head_dim", &config->head_dim));
  config->max_position_embeddings = 2048;
  return reader.Count("max_position_embeddings", &config->max_position_embeddings);
}

absl::Status CheckSizes(const Reader& reader, const ModelConfig& config) {
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    return reader.Error("'num_key_value_heads' (", config.num_key_value_heads,
                        ") does not divide 'num_attention_heads' (", config.num_attention_heads,
                        ")");
  }
  if (config.head_dim % 2 != 0) return reader.Error("'head_dim' (", config.head_dim, ") is odd");
  return absl::OkStatus();
}

absl::Status ReadLlama(const Reader& reader, ModelConfig* config) {
  RETURN_IF_ERROR(ReadSizes(reader, config));
  RETURN_IF_ERROR(CheckSizes(reader, *config));
  RETURN_IF_ERROR(reader.Rope(&config->rope));
  RETURN_IF_ERROR(reader.Bool("tie_word_embeddings", &config->tie_word_embeddings));
  return reader.CheckNeutral();
}

// A family reads what is its own; what all have in common is read by ParseModelConfig.
struct Family {
  absl::string_view architecture;
  absl::Status (*read)(const Reader& reader, ModelConfig* config);
};

constexpr Family kFamilies[] = {{"LlamaForCausalLM", ReadLlama}};

absl::StatusOr<Family> FindFamily(const Reader& reader) {
  ASSIGN_OR_RETURN(const std::string architecture, reader.Architecture());
  std::vector<absl::string_view> known;
  for (const Family& family : kFamilies) {
    if (family.architecture == architecture) return family;
    known.push_back(family.architecture);
  }
  return reader.Error("the architecture '", architecture, "' is not supported; only ",
                      absl::StrJoin(known, ", "));
}

}  // namespace

absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view text, absl::string_view file) {
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(text, file));
  const Reader reader(json, file);
  ASSIGN_OR_RETURN(const Family family, FindFamily(reader));
  ModelConfig config;
  config.architecture = std::string(family.architecture);
  RETURN_IF_ERROR(family.read(reader, &config));
  RETURN_IF_ERROR(reader.Positive(json, "rms_norm_eps", &config.rms_norm_eps));
  RETURN_IF_ERROR(reader.Positive(json, "initializer_range", &config.initializer_range));
  RETURN_IF_ERROR(reader.EosTokenIds(&config.eos_token_ids));
  RETURN_IF_ERROR(reader.Dtype(&config.bfloat16));
  return config;
}

}  // namespace ropewalk
