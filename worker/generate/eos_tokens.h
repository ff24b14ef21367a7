#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/config.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// The tokens with which the model may end a text: the tokenizer's end of a document, and
// `eos_token_id`, a token or a list, of generation_config.json, or else of config.json.
// INVALID_ARGUMENT: generation_config.json is not what it should be.
absl::StatusOr<std::vector<int32_t>> EosTokens(const std::string& model_folder,
                                               const ModelConfig& config,
                                               const Tokenizer& tokenizer);

}  // namespace ropewalk
