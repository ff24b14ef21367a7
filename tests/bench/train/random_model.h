#pragma once

#include <string>

#include "absl/status/status.h"

namespace ropewalk {

// Makes a Hugging Face folder with random weights in bfloat16, drawn as transformers initialises
// new models, for the text of a config.json. Holds one weight at a time.
// INVALID_ARGUMENT: the config is not one, or the folder cannot be written.
absl::Status WriteRandomModel(const std::string& folder, const std::string& config_json);

}  // namespace ropewalk
