#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/parameter_layout.h"

namespace ropewalk {

// Training of every weight. All weights in the order of WeightSpecs; those of norms are not
// decayed.
ParameterLayout FullLayout(const ModelConfig& config);

// Random values to start from, in that layout: norms 1, the rest N(0, initializer_range²).
void InitializeFull(const ModelConfig& config, uint64_t seed, absl::Span<float> parameters);

// The files (path → bytes) of a whole model: what `base_folder` has beside its weights (config,
// generation config, tokenizer) byte for byte, and model.safetensors with `parameters`, in bfloat16
// if that is the config's dtype, else in float32. A function of the arguments and those files
// alone. An error of the file system, with the path.
absl::StatusOr<std::map<std::string, std::string>> WriteModelFolder(
    const std::string& base_folder, const ModelConfig& config, absl::Span<const float> parameters);

// The files (name → bytes) that a model folder has beside its weights: config, generation config,
// tokenizer, chat template. An error of the file system, with the path.
absl::StatusOr<std::map<std::string, std::string>> ReadCompanions(const std::string& base_folder);

}  // namespace ropewalk
