#pragma once

#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct LogitsOptions {
  std::string base;                   // model folder
  std::string adapter;                // PEFT folder; empty: the base alone
  std::string tokens;                 // JSON file: a list of documents, each a list of token ids
  std::string output;                 // safetensors file to write
  std::string precision = "float32";  // or "bf16"
  bool gradients = false;
};

// Runs documents of token ids through a model, packed, each as a sequence of its own, and writes
// what comes out, to be compared with other implementations:
//   logits.<i>             [tokens, vocabulary] of document i, float32
//   loss                   [1], summed over the tokens after each document's first, float32
// and with `gradients`
//   gradient.<weight>      of that loss by every weight of the base, by the names of its files
// INVALID_ARGUMENT: the options or a file are not what they should be, or tokens are outside the
// model; otherwise as InferenceModel::Open.
absl::Status RunLogits(const LogitsOptions& options);

}  // namespace ropewalk
