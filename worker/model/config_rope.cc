#include "worker/model/config_rope.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

struct Kind {
  absl::string_view name;
  RopeKind kind;
  std::vector<absl::string_view> keys;  // that it uses, besides kCommonKeys
};

const std::vector<Kind>& Kinds() {
  static const auto* kinds = new std::vector<Kind>{
      {"default", RopeKind::kDefault, {}},
      {"linear", RopeKind::kLinear, {"factor"}},
      {"dynamic", RopeKind::kDynamic, {"factor"}},
      {"yarn",
       RopeKind::kYarn,
       {"factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
        "truncate"}},
      {"llama3", RopeKind::kLlama3, {"factor", "low_freq_factor", "high_freq_factor"}},
      {"longrope",
       RopeKind::kLongRope,
       {"factor", "attention_factor", "short_factor", "long_factor"}},
  };
  return *kinds;
}

// Keys that any type may have. A type without an original length ignores it, as transformers does;
// "finetuned" is a remark that early YaRN models carry.
constexpr absl::string_view kCommonKeys[] = {
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "original_max_position_embeddings",
    "finetuned"};

// YaRN's mscale (Peng et al., 2023, equation 22 and DeepSeek's generalisation of it).
double Mscale(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

absl::StatusOr<Kind> FindKind(const ConfigReader& reader, absl::string_view object) {
  const Json& type = reader.Get(reader.Get("rope_type").is_null() ? "type" : "rope_type");
  if (type.is_null()) return Kinds().front();
  std::vector<absl::string_view> names;
  for (const Kind& kind : Kinds()) {
    if (type == std::string(kind.name)) return kind;
    names.push_back(kind.name);
  }
  return reader.Error("'", object, "' has the type ", type.dump(), "; only ",
                      absl::StrJoin(names, ", "), " are supported");
}

absl::Status CheckKeys(const ConfigReader& reader, absl::string_view object, const Kind& kind) {
  for (const auto& [key, value] : reader.json().items()) {
    const bool known =
        std::find(kind.keys.begin(), kind.keys.end(), key) != kind.keys.end() ||
        std::find(std::begin(kCommonKeys), std::end(kCommonKeys), key) != std::end(kCommonKeys);
    if (known || value.is_null()) continue;
    return reader.Error("'", object, "' has '", key, "' (", value.dump(), "), which the type ",
                        kind.name, " does not use", kind.keys.empty() ? "" : "; it uses ",
                        absl::StrJoin(kind.keys, ", "));
  }
  return absl::OkStatus();
}

absl::Status CheckWholeHeadTurns(const ConfigReader& reader) {
  const Json& partial = reader.Get("partial_rotary_factor");
  if (partial.is_null() || partial == 1) return absl::OkStatus();
  return reader.Error("'partial_rotary_factor' is ", partial.dump(),
                      "; only 1 is supported by this architecture");
}

// The factor, which yarn and longrope may leave to the ratio of the two lengths.
absl::Status ReadFactor(const ConfigReader& reader, const ModelConfig& config, RopeConfig* rope) {
  const bool may_derive = rope->kind == RopeKind::kYarn || rope->kind == RopeKind::kLongRope;
  if (!reader.Get("factor").is_null()) return reader.Positive("factor", &rope->factor);
  if (!may_derive) return reader.Error("RoPE's 'factor' is missing");
  rope->factor = static_cast<double>(config.max_position_embeddings) /
                 static_cast<double>(rope->original_max_position_embeddings);
  return absl::OkStatus();
}

absl::Status ReadYarn(const ConfigReader& reader, RopeConfig* rope) {
  double mscale = 0, mscale_all_dim = 0;
  RETURN_IF_ERROR(reader.Positive("mscale", &mscale));
  RETURN_IF_ERROR(reader.Positive("mscale_all_dim", &mscale_all_dim));
  rope->attention_factor = mscale > 0 && mscale_all_dim > 0
                               ? Mscale(rope->factor, mscale) / Mscale(rope->factor, mscale_all_dim)
                               : Mscale(rope->factor, 1);
  RETURN_IF_ERROR(reader.Positive("attention_factor", &rope->attention_factor));
  RETURN_IF_ERROR(reader.Positive("beta_fast", &rope->beta_fast));
  RETURN_IF_ERROR(reader.Positive("beta_slow", &rope->beta_slow));
  if (!(rope->theta > 1)) return reader.Error("'rope_theta' must be above 1 for yarn");
  return reader.Bool("truncate", &rope->truncate);
}

absl::Status ReadLlama3(const ConfigReader& reader, RopeConfig* rope) {
  for (const absl::string_view key : {"low_freq_factor", "high_freq_factor"}) {
    if (reader.Get(key).is_null()) return reader.Error("RoPE's '", key, "' is missing");
  }
  RETURN_IF_ERROR(reader.Positive("low_freq_factor", &rope->low_freq_factor));
  RETURN_IF_ERROR(reader.Positive("high_freq_factor", &rope->high_freq_factor));
  if (rope->low_freq_factor < rope->high_freq_factor) return absl::OkStatus();
  return reader.Error("'high_freq_factor' (", rope->high_freq_factor,
                      ") is not above 'low_freq_factor' (", rope->low_freq_factor, ")");
}

absl::Status ReadLongRope(const ConfigReader& reader, int64_t pairs, RopeConfig* rope) {
  RETURN_IF_ERROR(reader.PositiveList("short_factor", pairs, &rope->short_factor));
  RETURN_IF_ERROR(reader.PositiveList("long_factor", pairs, &rope->long_factor));
  const double original = rope->original_max_position_embeddings;
  if (rope->factor > 1) {
    if (original < 2) return reader.Error("'original_max_position_embeddings' must be above 1");
    rope->attention_factor = std::sqrt(1 + std::log(rope->factor) / std::log(original));
  }
  return reader.Positive("attention_factor", &rope->attention_factor);
}

absl::Status ReadObject(const ConfigReader& reader, absl::string_view name, ModelConfig* config) {
  RopeConfig* const rope = &config->rope;
  ASSIGN_OR_RETURN(const Kind kind, FindKind(reader, name));
  RETURN_IF_ERROR(CheckKeys(reader, name, kind));
  RETURN_IF_ERROR(CheckWholeHeadTurns(reader));
  rope->kind = kind.kind;
  RETURN_IF_ERROR(reader.Positive("rope_theta", &rope->theta));
  if (rope->original_max_position_embeddings == 0) {
    rope->original_max_position_embeddings = config->max_position_embeddings;
    RETURN_IF_ERROR(reader.Count("original_max_position_embeddings",
                                 std::numeric_limits<int32_t>::max(),
                                 &rope->original_max_position_embeddings));
  }
  if (kind.kind == RopeKind::kDefault) return absl::OkStatus();
  RETURN_IF_ERROR(ReadFactor(reader, *config, rope));
  if (kind.kind == RopeKind::kYarn) return ReadYarn(reader, rope);
  if (kind.kind == RopeKind::kLlama3) return ReadLlama3(reader, rope);
  if (kind.kind == RopeKind::kLongRope) return ReadLongRope(reader, config->head_dim / 2, rope);
  if (kind.kind == RopeKind::kDynamic && config->head_dim < 4) {
    return reader.Error("dynamic RoPE needs a 'head_dim' above 2");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadRope(const ConfigReader& reader, ModelConfig* config) {
  RETURN_IF_ERROR(reader.Positive("rope_theta", &config->rope.theta));
  RETURN_IF_ERROR(CheckWholeHeadTurns(reader));
  if (!reader.Get("original_max_position_embeddings").is_null()) {
    RETURN_IF_ERROR(reader.Count("original_max_position_embeddings",
                                 std::numeric_limits<int32_t>::max(),
                                 &config->rope.original_max_position_embeddings));
  }
  // With both, transformers takes rope_scaling.
  for (const absl::string_view key : {"rope_scaling", "rope_parameters"}) {
    const Json& object = reader.Get(key);
    if (object.is_null() || (object.is_object() && object.empty())) continue;
    if (!object.is_object()) {
      return reader.Error("'", key, "' is ", object.dump(), ", not an object");
    }
    return ReadObject(ConfigReader(object, reader.file()), key, config);
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
