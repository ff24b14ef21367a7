#include "worker/model/config_keys.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "services/common/status_macros.h"

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
      {"hidden_act", {"silu", "swish"}},
      {"hidden_activation", {"silu", "swish"}},
      {"activation", {"silu", "swish", "swiglu"}},
      {"attention_bias", {false}},
      {"qkv_bias", {false}},
      {"mlp_bias", {false}},
      {"lm_head_bias", {false}},
      {"attention_dropout", {0}},
      {"hidden_dropout", {0}},
      {"hidden_dropout_prob", {0}},
      {"attention_probs_dropout_prob", {0}},
      {"embd_pdrop", {0}},
      {"resid_pdrop", {0}},
      {"attn_pdrop", {0}},
      {"embd_dropout", {0}},
      {"resid_dropout", {0}},
      {"pretraining_tp", {1}},
      {"sliding_window", {}},
      {"use_sliding_window", {false}},
      {"layer_types", {}},
      {"attention_multiplier", {}},
      {"embedding_multiplier", {1}},
      {"residual_multiplier", {1}},
      {"logits_scaling", {1}},
      {"logit_scale", {1}},
      {"query_pre_attn_scalar", {}},
      {"final_logit_softcapping", {}},
      {"attn_logit_softcapping", {}},
      {"use_qk_norm", {false}},
      {"qk_norm", {false}},
      {"qk_layernorm", {false}},
      {"clip_qkv", {}},
      {"alibi", {false}},
      {"scale_emb", {1}},
      {"scale_depth", {}},
      {"num_experts", {0}},
      {"num_local_experts", {0}},
      {"n_routed_experts", {0}},
      {"no_rope_layers", {}},
      {"rope_local_base_freq", {}},
      {"mrope_section", {}},
      {"is_encoder_decoder", {false}},
      {"add_cross_attention", {false}},
  };
  return *settings;
}

// Keys without effect whose names nevertheless hold one of the words below.
constexpr absl::string_view kHarmless[] = {
    "attn_implementation",     "output_attentions",   "output_hidden_states",
    "classifier_dropout",      "max_window_layers",   "num_labels",
    "max_position_embeddings", "num_attention_heads", "num_hidden_layers",
    "num_key_value_heads",     "use_flash_attention", "use_flash_attention_2",
    "normalize_logits",        "renormalize_logits",  "use_flash_attn",
};

// Words of which one in an unknown key's name says that it may change the numbers.
constexpr absl::string_view kTellingWords[] = {
    "scal",   "multiplier", "softcap", "norm",  "bias",     "rope",   "rotary",   "window",
    "expert", "moe",        "dropout", "alibi", "clip",     "resid",  "position", "attention",
    "attn",   "logit",      "sparse",  "activ", "parallel", "layer",  "quant",    "embed",
    "head",   "mup",        "mla",     "lora",  "kv_",      "_act_fn"};

bool Contains(absl::Span<const absl::string_view> list, absl::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

bool SaysNothing(const Json& value) {
  return value.is_null() || value == false || (value.is_string() && value == "") ||
         (value.is_structured() && value.empty());
}

absl::Status CheckNeutral(const ConfigReader& reader, const NeutralSetting& setting) {
  const Json& value = reader.Get(setting.key);
  if (value.is_null()) return absl::OkStatus();
  const auto& allowed = setting.values;
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return absl::OkStatus();
  return reader.Error("'", setting.key, "' is ", value.dump(), ", which is not supported",
                      allowed.empty() ? "" : "; only ",
                      allowed.empty() ? "" : allowed.front().dump());
}

absl::Status CheckUnknown(const ConfigReader& reader, const std::string& key, const Json& value) {
  if (SaysNothing(value) || key.starts_with('_')) return absl::OkStatus();
  for (const absl::string_view word : kTellingWords) {
    if (!absl::StrContains(key, word)) continue;
    return reader.Error("'", key, "' is ", value.dump(),
                        ": the key is not known and may change the numbers; if it does not, remove "
                        "it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckConfigKeys(const ConfigReader& reader, absl::Span<const absl::string_view> read) {
  std::vector<absl::string_view> known(read.begin(), read.end());
  for (const NeutralSetting& setting : NeutralSettings()) {
    if (!Contains(read, setting.key)) RETURN_IF_ERROR(CheckNeutral(reader, setting));
    known.push_back(setting.key);
  }
  for (const auto& [key, value] : reader.json().items()) {
    if (Contains(known, key) || Contains(kHarmless, key)) continue;
    RETURN_IF_ERROR(CheckUnknown(reader, key, value));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
