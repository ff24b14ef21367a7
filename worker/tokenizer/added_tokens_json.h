#pragma once

#include "absl/status/statusor.h"
#include "worker/tokenizer/added_tokens.h"
#include "worker/tokenizer/json_reading.h"
#include "worker/tokenizer/normalizer.h"
#include "worker/tokenizer/vocabulary.h"

namespace ropewalk {

// Reads the part `added_tokens`. Their numbers are those of the vocabulary, or else follow its
// size, in order. INVALID_ARGUMENT: a token is damaged, or the normalizer fails on it. Throws
// Json::exception if a value is missing or has another type than it should.
absl::StatusOr<AddedTokens> ReadAddedTokens(const Json& items, const Vocabulary& vocabulary,
                                            const Normalizer& normalizer);

}  // namespace ropewalk
