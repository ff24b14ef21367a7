#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "worker/tokenizer/tokenizer_parts.h"

namespace ropewalk {

// The token that ends a document: `eos_token` of the folder's tokenizer_config.json, or else
// `eos_token_id` (of a list the first) of generation_config.json, or else of config.json.
// INVALID_ARGUMENT: none of them says it, one is not JSON, or the tokenizer has no such token.
absl::StatusOr<int32_t> FindEndOfText(const std::string& model_folder, const TokenizerParts& parts);

}  // namespace ropewalk
