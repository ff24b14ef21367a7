#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "services/common/safetensors_header.h"

namespace ropewalk {

// Whether PEFT could load an adapter, as far as its files' beginnings tell. Pure.

// Of adapter_config.json. INVALID_ARGUMENT: it is no object with a peft_type, or, for LoRA, has no
// rank.
absl::Status CheckAdapterConfig(const nlohmann::json& config);

// Of a LoRA adapter's tensors: that each lora_A has its lora_B, both of a rank that the config
// names, and that no other tensor has LoRA's names. Of other kinds nothing is known here.
// INVALID_ARGUMENT names the tensor. REQUIRES: CheckAdapterConfig was OK.
absl::Status CheckAdapterTensors(const nlohmann::json& config, const TensorsByName& tensors);

// That the modules that a LoRA adapter changes are in the base and have its shapes. Weights that
// the base has quantised are not compared. REQUIRES: CheckAdapterTensors was OK.
absl::Status CheckAdapterFits(const nlohmann::json& config, const TensorsByName& tensors,
                              const TensorsByName& base, const std::string& base_name);

}  // namespace ropewalk
