#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct GenerateOptions {
  std::string base;     // model folder
  std::string adapter;  // PEFT folder; empty: the base alone
  std::string prompt;
  int max_new_tokens = 64;
};

// Writes the greedy continuation of the prompt, and a newline, to `out`. Errors as
// InferenceModel::Open and Tokenizer::Encode.
absl::Status RunGenerate(const GenerateOptions& options, std::ostream& out);

}  // namespace ropewalk
