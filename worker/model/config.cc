#include "worker/model/config.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/model/config_family.h"
#include "worker/model/config_keys.h"
#include "worker/model/config_reader.h"
#include "worker/model/config_rope.h"
#include "worker/model/strict_json.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

// Far above any model's, and such that no product of sizes overflows.
constexpr int64_t kMostLayers = 1 << 14;
constexpr int64_t kMostHeads = 1 << 16;
constexpr int64_t kMostElements = 1 << 24;
constexpr int64_t kMostTokens = std::numeric_limits<int32_t>::max();

// The keys that every family reads.
constexpr absl::string_view kCommonKeys[] = {"architectures",
                                             "model_type",
                                             "vocab_size",
                                             "hidden_size",
                                             "intermediate_size",
                                             "num_hidden_layers",
                                             "num_attention_heads",
                                             "num_key_value_heads",
                                             "head_dim",
                                             "max_position_embeddings",
                                             "rms_norm_eps",
                                             "rope_theta",
                                             "rope_scaling",
                                             "rope_parameters",
                                             "partial_rotary_factor",
                                             "original_max_position_embeddings",
                                             "layer_types",
                                             "tie_word_embeddings",
                                             "initializer_range",
                                             "eos_token_id",
                                             "dtype",
                                             "torch_dtype",
                                             "quantization_config"};

absl::Status ReadSizes(const ConfigReader& reader, const ConfigFamily& family,
                       ModelConfig* config) {
  RETURN_IF_ERROR(reader.Count("vocab_size", kMostElements, &config->vocab_size));
  RETURN_IF_ERROR(reader.Count("hidden_size", kMostElements, &config->hidden_size));
  RETURN_IF_ERROR(reader.Count("intermediate_size", kMostElements, &config->intermediate_size));
  RETURN_IF_ERROR(reader.Count("num_hidden_layers", kMostLayers, &config->num_hidden_layers));
  RETURN_IF_ERROR(reader.Count("num_attention_heads", kMostHeads, &config->num_attention_heads));
  const bool has_key_value_heads = reader.json().contains("num_key_value_heads");
  config->num_key_value_heads = has_key_value_heads || family.num_key_value_heads == 0
                                    ? config->num_attention_heads
                                    : family.num_key_value_heads;
  RETURN_IF_ERROR(reader.Count("num_key_value_heads", kMostHeads, &config->num_key_value_heads));
  config->head_dim =
      family.head_dim > 0 ? family.head_dim : config->hidden_size / config->num_attention_heads;
  RETURN_IF_ERROR(reader.Count("head_dim", kMostHeads, &config->head_dim));
  config->max_position_embeddings = family.max_position_embeddings;
  return reader.Count("max_position_embeddings", kMostTokens, &config->max_position_embeddings);
}

absl::Status CheckSizes(const ConfigReader& reader, const ModelConfig& config) {
  if (config.num_attention_heads % config.num_key_value_heads != 0) {
    return reader.Error("'num_key_value_heads' (", config.num_key_value_heads,
                        ") does not divide 'num_attention_heads' (", config.num_attention_heads,
                        ")");
  }
  if (config.head_dim % 2 != 0) return reader.Error("'head_dim' (", config.head_dim, ") is odd");
  if (config.query_size() <= kMostElements) return absl::OkStatus();
  return reader.Error("'num_attention_heads' times 'head_dim' is above ", kMostElements);
}

absl::Status ReadEosTokenIds(const ConfigReader& reader, std::vector<int32_t>* out) {
  const Json& value = reader.Get("eos_token_id");
  if (value.is_null()) return absl::OkStatus();
  for (const Json& id : value.is_array() ? value : Json::array({value})) {
    if (!id.is_number_integer()) {
      return reader.Error("'eos_token_id' is ", value.dump(),
                          ", not a number or a list of numbers");
    }
    out->push_back(id.get<int32_t>());
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(const ConfigReader& reader, const ConfigFamily& family) {
  std::vector<absl::string_view> read(std::begin(kCommonKeys), std::end(kCommonKeys));
  read.insert(read.end(), family.keys.begin(), family.keys.end());
  return CheckConfigKeys(reader, read);
}

}  // namespace

int64_t ModelConfig::longest_sequence() const {
  const double max = max_position_embeddings, most = kMostTokens;
  switch (rope.kind) {
    case RopeKind::kDynamic:
      return kMostTokens;
    case RopeKind::kLinear:
      return std::min(most, std::max(max, std::floor(max * rope.factor)));
    case RopeKind::kYarn:
      return std::min(
          most, std::max(max, std::floor(rope.original_max_position_embeddings * rope.factor)));
    default:
      return max_position_embeddings;
  }
}

absl::StatusOr<ModelConfig> ParseModelConfig(absl::string_view text, absl::string_view file) {
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(text, file));
  const ConfigReader reader(json, file);
  ASSIGN_OR_RETURN(const ConfigFamily family, FindConfigFamily(reader));
  ModelConfig config;
  config.architecture = std::string(family.architecture);
  RETURN_IF_ERROR(ReadSizes(reader, family, &config));
  RETURN_IF_ERROR(CheckSizes(reader, config));
  RETURN_IF_ERROR(ReadRope(reader, &config));
  RETURN_IF_ERROR(family.read(reader, &config));
  RETURN_IF_ERROR(CheckKeys(reader, family));
  RETURN_IF_ERROR(reader.Bool("tie_word_embeddings", &config.tie_word_embeddings));
  RETURN_IF_ERROR(reader.Positive("rms_norm_eps", &config.rms_norm_eps));
  RETURN_IF_ERROR(reader.Positive("initializer_range", &config.initializer_range));
  RETURN_IF_ERROR(ReadEosTokenIds(reader, &config.eos_token_ids));
  ASSIGN_OR_RETURN(config.quantization, ReadQuantization(reader));
  const Json& dtype = reader.Get(json.contains("dtype") ? "dtype" : "torch_dtype");
  config.bfloat16 = dtype == "bfloat16";
  return config;
}

}  // namespace ropewalk
