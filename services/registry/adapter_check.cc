#include "services/registry/adapter_check.h"

#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// PEFT's names of the two factors; those of embeddings have no ".weight".
constexpr struct {
  absl::string_view a, b;
} kFactors[] = {{".lora_A.weight", ".lora_B.weight"}, {".lora_embedding_A", ".lora_embedding_B"}};

absl::Status Wrong(absl::string_view file, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
}

absl::Status WrongTensor(const std::string& name, absl::string_view what) {
  return Wrong("adapter_model.safetensors",
               absl::StrCat("the tensor ", absl::CHexEscape(name), " ", what));
}

bool IsLora(const nlohmann::json& config) { return config["peft_type"] == "LORA"; }

bool IsRank(const nlohmann::json& value) {
  return value.is_number_integer() && value.get<int64_t>() > 0;
}

// PEFT matches rank_pattern's keys as regular expressions; here any of its ranks will do.
std::set<int64_t> RanksOf(const nlohmann::json& config) {
  std::set<int64_t> ranks = {config["r"].get<int64_t>()};
  const auto pattern = config.find("rank_pattern");
  if (pattern == config.end() || !pattern->is_object()) return ranks;
  for (const auto& [module, rank] : pattern->items()) {
    if (IsRank(rank)) ranks.insert(rank.get<int64_t>());
  }
  return ranks;
}

// Factors of parameters instead of modules are stacked, those of experts among them.
bool HasTargetParameters(const nlohmann::json& config) {
  const auto found = config.find("target_parameters");
  return found != config.end() && !found->is_null() && !found->empty();
}

absl::Status CheckRank(const std::string& name, const TensorInfo& tensor, size_t dimension,
                       const std::set<int64_t>& ranks) {
  if (tensor.shape.size() < 2) return WrongTensor(name, "is no matrix");
  if (ranks.count(tensor.shape[dimension]) > 0) return absl::OkStatus();
  return WrongTensor(name,
                     absl::StrCat("is ", tensor.ShapeText(), ", but adapter_config.json has r ",
                                  absl::StrJoin(ranks, " or ")));
}

absl::Status CheckPair(const std::string& a_name, const TensorInfo& a, const std::string& b_name,
                       const TensorsByName& tensors, const std::set<int64_t>& ranks) {
  const auto b = tensors.find(b_name);
  if (b == tensors.end()) return WrongTensor(a_name, absl::StrCat("is there without ", b_name));
  RETURN_IF_ERROR(CheckRank(a_name, a, 0, ranks));
  RETURN_IF_ERROR(CheckRank(b_name, b->second, 1, ranks));
  if (a.shape[0] == b->second.shape[1]) return absl::OkStatus();
  return WrongTensor(a_name, absl::StrCat("is ", a.ShapeText(), " and ", b_name, " is ",
                                          b->second.ShapeText(), ": their ranks differ"));
}

// The base's weight of a module, under the names that models are saved with; null: there is none.
const TensorInfo* FindWeight(const TensorsByName& base, const std::string& module) {
  const std::string short_name(absl::StripPrefix(module, "model."));
  for (const std::string& name : {module, short_name, absl::StrCat("model.", module)}) {
    const auto found = base.find(name + ".weight");
    if (found != base.end()) return &found->second;
  }
  return nullptr;
}

bool IsFloat(const std::string& type) {
  return type == "F32" || type == "F16" || type == "BF16" || type == "F64";
}

// Whether the module is there in another form, as quantised ones are.
bool HasModule(const TensorsByName& base, const std::string& module) {
  const auto next = base.lower_bound(module + ".");
  return next != base.end() && absl::StartsWith(next->first, module + ".");
}

absl::Status CheckModule(const std::string& module, const std::string& a_name, int64_t in,
                         int64_t out, const TensorsByName& base, const std::string& base_name) {
  const TensorInfo* const weight = FindWeight(base, module);
  if (weight == nullptr) {
    if (HasModule(base, module)) return absl::OkStatus();
    return WrongTensor(
        a_name, absl::StrCat("changes the module ", module, ", which the base model ", base_name,
                             " does not have"));
  }
  const bool fits = weight->shape == std::vector<int64_t>{out, in} || !IsFloat(weight->type) ||
                    weight->shape.size() != 2;
  if (fits) return absl::OkStatus();
  return WrongTensor(a_name,
                     absl::StrCat("is for a weight [", out, ", ", in, "], but that of ", module,
                                  " in the base model ", base_name, " is ", weight->ShapeText()));
}

}  // namespace

absl::Status CheckAdapterConfig(const nlohmann::json& config) {
  const bool named =
      config.is_object() && config.contains("peft_type") && config["peft_type"].is_string();
  if (!named) return Wrong("adapter_config.json", "it is no JSON object with a peft_type");
  if (!IsLora(config)) return absl::OkStatus();
  const auto rank = config.find("r");
  if (rank != config.end() && IsRank(*rank)) return absl::OkStatus();
  return Wrong("adapter_config.json", "r must be a positive whole number");
}

absl::Status CheckAdapterTensors(const nlohmann::json& config, const TensorsByName& tensors) {
  if (!IsLora(config) || HasTargetParameters(config)) return absl::OkStatus();
  const std::set<int64_t> ranks = RanksOf(config);
  for (const auto& [name, tensor] : tensors) {
    for (const auto& factors : kFactors) {
      const std::string stem(name.substr(0, name.size() - std::min(name.size(), factors.a.size())));
      if (absl::EndsWith(name, factors.a)) {
        RETURN_IF_ERROR(CheckPair(name, tensor, absl::StrCat(stem, factors.b), tensors, ranks));
      }
      if (absl::EndsWith(name, factors.b) && tensors.count(absl::StrCat(stem, factors.a)) == 0) {
        return WrongTensor(name, "is there without its first factor");
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAdapterFits(const nlohmann::json& config, const TensorsByName& tensors,
                              const TensorsByName& base, const std::string& base_name) {
  if (!IsLora(config) || HasTargetParameters(config)) return absl::OkStatus();
  const auto fan = config.find("fan_in_fan_out");
  const bool transposed = fan != config.end() && *fan == true;
  for (const auto& [name, a] : tensors) {
    absl::string_view module = name;
    if (!absl::ConsumeSuffix(&module, kFactors[0].a) || a.shape.size() != 2) continue;
    const TensorInfo& b = tensors.at(absl::StrCat(module, kFactors[0].b));
    absl::ConsumePrefix(&module, "base_model.model.");
    const int64_t in = transposed ? b.shape[0] : a.shape[1];
    const int64_t out = transposed ? a.shape[1] : b.shape[0];
    RETURN_IF_ERROR(CheckModule(std::string(module), name, in, out, base, base_name));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
