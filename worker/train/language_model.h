#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

struct PackedTokens;  // worker/ops/packed_tokens.h

// What an evaluation asks of a model: one in training, or one that is only used. Not thread-safe.
class LanguageModel {
 public:
  virtual ~LanguageModel() = default;

  // The sum of the losses over the target tokens, without dropout. INVALID_ARGUMENT: a token or a
  // position the model does not have.
  virtual absl::StatusOr<double> Loss(const PackedTokens& tokens) = 0;

  // Continues each prompt greedily until `eos`, which is left out, or `max_new_tokens`. Errors as
  // above; a prompt must not be empty.
  virtual absl::StatusOr<std::vector<std::vector<int32_t>>> Generate(
      const std::vector<std::vector<int32_t>>& prompts, int max_new_tokens, int32_t eos) = 0;
};

}  // namespace ropewalk
