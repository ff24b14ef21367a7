#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/data/tokenizer.h"

namespace ropewalk {

// Reads the text of a tokenizer.json. Supported: model BPE without byte fallback; normalizer none or NFC (on text that is not normalised the
// ids may differ); pre-tokenizer ByteLevel, or a Sequence of Split with a Regex and ByteLevel; post-processor none, ByteLevel or
// TemplateProcessing (special tokens that it would add are not added); decoder ByteLevel. INVALID_ARGUMENT names anything else.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(absl::string_view json);

// The id of the end-of-text token by the files of `model_folder`. INVALID_ARGUMENT: none of them says it.
absl::StatusOr<int32_t> FindEos(const std::string& model_folder, const TokenizerParts& parts);

}  // namespace ropewalk
