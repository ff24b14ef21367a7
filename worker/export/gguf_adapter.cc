#include "worker/export/gguf_adapter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/export/gguf.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {
namespace {

// A family by llama.cpp's name.
struct GgufFamily {
  const char* architecture;  // in config.json
  const char* name;
  bool pairs_rows;  // rows 2i and 2i + 1 of a head turn together, where Hugging Face has i and i +
                    // head_dim / 2
};

constexpr GgufFamily kFamilies[] = {{"LlamaForCausalLM", "llama", true},
                                    {"MistralForCausalLM", "llama", true},
                                    {"Qwen2ForCausalLM", "qwen2", false},
                                    {"Qwen3ForCausalLM", "qwen3", false}};

// By Linear.
constexpr const char* kLinearNames[kLinearsPerLayer] = {
    "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"};

absl::StatusOr<GgufFamily> FamilyOf(const std::string& architecture) {
  for (const GgufFamily& family : kFamilies) {
    if (family.architecture == architecture) return family;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("gguf: the architecture ", architecture,
                   " is not supported; LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM and "
                   "Qwen3ForCausalLM are"));
}

// rows: [out, columns]. Within each head, row j of the first half goes to 2j and row j of the
// second to 2j + 1.
std::vector<float> PairRows(const std::vector<float>& rows, int64_t columns, int64_t head_dim) {
  std::vector<float> paired(rows.size());
  const int64_t count = rows.size() / columns, half = head_dim / 2;
  for (int64_t row = 0; row < count; ++row) {
    const int64_t head = row / head_dim, within = row % head_dim;
    const int64_t to = head * head_dim + 2 * (within % half) + within / half;
    std::copy_n(&rows[row * columns], columns, &paired[to * columns]);
  }
  return paired;
}

// What a scale has beyond alpha / rank goes into B; mostly 1, which changes no bit.
void Scale(double factor, std::vector<float>* values) {
  if (factor == 1) return;
  for (float& value : *values) value = static_cast<float>(factor * value);
}

std::vector<GgufTensor> Tensors(const ModelConfig& config, const LoraAdapter& adapter,
                                bool pairs_rows, double alpha) {
  const ParameterLayout layout = LoraLayout(LinearPlaces(config), adapter.config);
  std::vector<GgufTensor> tensors;
  for (size_t i = 0; i < layout.entries.size(); ++i) {
    const int64_t place = adapter.config.places[i / 2];
    const Linear linear = static_cast<Linear>(place % kLinearsPerLayer);
    const bool is_b = i % 2 == 1;
    const ParameterEntry& entry = layout.entries[i];
    const float* const begin = adapter.parameters.data() + entry.offset;
    std::vector<float> values(begin, begin + entry.size);
    if (is_b) {
      const int64_t rank = entry.shape[1];
      Scale(adapter.config.ScaleAt(place) * static_cast<double>(rank) / alpha, &values);
      const bool turns = linear == Linear::kQuery || linear == Linear::kKey;
      if (pairs_rows && turns) values = PairRows(values, rank, config.head_dim);
    }
    tensors.push_back(
        {absl::StrCat("blk.", place / kLinearsPerLayer, ".", kLinearNames[static_cast<int>(linear)],
                      ".weight.lora_", is_b ? "b" : "a"),
         entry.shape, std::move(values)});
  }
  return tensors;
}

}  // namespace

absl::StatusOr<std::string> GgufAdapter(const ModelConfig& config, const LoraAdapter& adapter) {
  ASSIGN_OR_RETURN(const GgufFamily family, FamilyOf(config.architecture));
  if (adapter.config.dora) {
    return absl::InvalidArgumentError(
        "gguf: llama.cpp knows no DoRA (use_dora); export a merged model instead");
  }
  if (!adapter.config.base.indices.empty()) {
    return absl::InvalidArgumentError(
        "gguf: a LoRA of llama.cpp has no biases and no modules_to_save; export a merged model "
        "instead");
  }
  if (adapter.config.places.empty()) {
    return absl::InvalidArgumentError("gguf: the adapter has no linear layer");
  }
  // llama.cpp takes an alpha of 0 for "no scale".
  const float alpha = adapter.config.alpha == 0 ? 1 : static_cast<float>(adapter.config.alpha);
  const std::vector<GgufValue> values = {{"general.architecture", std::string(family.name)},
                                         {"general.type", std::string("adapter")},
                                         {"general.alignment", uint32_t{32}},
                                         {"general.file_type", uint32_t{0}},  // all float32
                                         {"adapter.type", std::string("lora")},
                                         {"adapter.lora.alpha", alpha}};
  const double folded = adapter.config.alpha == 0 ? 1 : adapter.config.alpha;
  return SerializeGguf(values, Tensors(config, adapter, family.pairs_rows, folded));
}

}  // namespace ropewalk
