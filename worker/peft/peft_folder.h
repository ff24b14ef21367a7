#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/model/weight_specs.h"
#include "worker/peft/lora_config.h"

namespace ropewalk {

// A trained adapter: its shape, and its values in the order of LoraLayout.
struct LoraAdapter {
  LoraConfig config;
  std::vector<float> parameters;
};

// An adapter that began as a part of the base (see DivideBase) as one for the whole base: of twice
// the rank, B A - B0 A0 with the values it began with.
LoraAdapter ForWholeBase(const std::vector<LinearPlace>& model_places, const LoraConfig& config,
                         absl::Span<const float> initial, absl::Span<const float> trained);

// The files (path → bytes) of a folder that PEFT, vLLM and llama.cpp load: adapter_config.json,
// adapter_model.safetensors and the model card README.md. A function of the arguments alone.
// `base_model` is the name by which the base is known.
std::map<std::string, std::string> WritePeftFolder(const std::vector<LinearPlace>& model_places,
                                                   const LoraConfig& config,
                                                   absl::Span<const float> parameters,
                                                   const std::string& base_model);

// Reads such a folder, also one that PEFT wrote, for this model. Dropout is left
// out: it is for training only.
//
// INVALID_ARGUMENT: a file is not what it should be, the adapter does not fit the model, or it uses
// something not supported (a changed base, embeddings untied); the message names it.
// NOT_FOUND: a file is missing.
absl::StatusOr<LoraAdapter> ReadPeftFolder(const std::string& folder, const ModelConfig& model);

}  // namespace ropewalk
