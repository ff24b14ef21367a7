#include <cmath>
#include <set>
#include <utility>

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
  const NeutralSetting settings[] = {{"bias", "none"},
                                     {"use_dora", false},
                                     {"lora_bias", false},
                                     {"modules_to_save", {}},
                                     {"fan_in_fan_out", false},
                                     {"rank_pattern", Json::object()},
                                     {"alpha_pattern", Json::object()},
                                     {"layer_replication", {}},
                                     {"trainable_token_indices", {}},
                                     {"target_parameters", {}},
                                     {"alora_invocation_tokens", {}},
                                     {"use_qalora", false},
                                     {"use_bdlora", {}},
                                     {"kasa_config", {}}};
  for (const NeutralSetting& setting : settings) {
    const Json value = json.value(setting.key, Json());
    if (!value.is_null() && value != setting.neutral && value != Json::array()) {
      return Error(
          file, absl::StrCat("'", setting.key, "' is ", value.dump(), ", which is not supported"));
    }
  }
  return absl::OkStatus();
}

// Fills in all but the places. rsLoRA's scale alpha / sqrt(rank) becomes an alpha of the plain
// kind.
absl::StatusOr<LoraConfig> ReadConfig(const std::string& file) {
  ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
  ASSIGN_OR_RETURN(const Json json, ParseStrictJson(mapped.bytes(), file));
  RETURN_IF_ERROR(CheckSupported(json, file));
  const Json rank = json.value("r", Json()), alpha = json.value("lora_alpha", Json());
  if (!rank.is_number_unsigned() || rank == 0 || rank > kMaxRank) {
    return Error(file, absl::StrCat("'r' is ", rank.dump(), ", not a rank"));
  }
  if (!alpha.is_number()) {
    return Error(file, absl::StrCat("'lora_alpha' is ", alpha.dump(), ", not a number"));
  }
  LoraConfig config;
  config.rank = rank.get<int64_t>();
  config.alpha = alpha.get<double>();
  if (json.value("use_rslora", Json()) == true) {
    config.alpha *= std::sqrt(static_cast<double>(config.rank));
  }
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

absl::Status CheckNothingElse(const Safetensors& tensors, const ParameterLayout& layout,
                              const std::string& file) {
  std::set<std::string> known;
  for (const ParameterEntry& entry : layout.entries) known.insert(entry.name);
  for (const auto& [name, tensor] : tensors.tensors) {
    if (known.count(name) == 0) {
      return Error(file, absl::StrCat("tensor '", name, "' fits no linear layer of the model"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoraAdapter> ReadPeftFolder(const std::string& folder,
                                           const std::vector<LinearPlace>& model_places) {
  LoraAdapter adapter;
  ASSIGN_OR_RETURN(adapter.config, ReadConfig(folder + "/adapter_config.json"));
  const std::string file = folder + "/adapter_model.safetensors";
  ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(file));
  ASSIGN_OR_RETURN(const Safetensors tensors, ParseSafetensors(mapped.bytes(), file));
  adapter.config.places = PlacesIn(tensors, model_places);
  const ParameterLayout layout = LoraLayout(model_places, adapter.config);
  RETURN_IF_ERROR(CheckNothingElse(tensors, layout, file));
  adapter.parameters.resize(layout.size);
  for (const ParameterEntry& entry : layout.entries) {
    const absl::Span<float> out(adapter.parameters.data() + entry.offset, entry.size);
    RETURN_IF_ERROR(ReadTensor(tensors, entry, file, out));
  }
  return adapter;
}

}  // namespace ropewalk
