#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/transformer.h"

namespace ropewalk {

// Continues each prompt with the likeliest token, again and again, until `eos`, which is left out,
// or `max_new_tokens`; the model's last position ends a text, too. What evaluations measure with.
// The i-th result belongs to the i-th prompt.
//
// INVALID_ARGUMENT: a prompt that is empty or has more tokens than the model positions, or a token
// that the model does not have.
absl::StatusOr<std::vector<std::vector<int32_t>>> GenerateGreedily(
    const Transformer<float>& model, const std::vector<std::vector<int32_t>>& prompts,
    int max_new_tokens, int32_t eos);

}  // namespace ropewalk
