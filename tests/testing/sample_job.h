#pragma once

#include <string>

#include "absl/status/status.h"

namespace ropewalk {

// Writes into `folder` what a small job needs: a model folder "model" (two layers, random weights,
// the examples' tokenizer), "train.jsonl", "eval.jsonl", and the job files "lora.yaml" and
// "full.yaml", of 60 short steps each with evaluations and checkpoints. Run with the repository as
// working directory.
absl::Status WriteSampleJobs(const std::string& folder);

}  // namespace ropewalk
