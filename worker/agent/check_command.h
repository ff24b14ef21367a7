#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ropewalk {

struct CheckOptions {
  std::string base;               // model folder; empty: data is only checked for its form
  std::vector<std::string> data;  // JSONL
};

// Reads a job's local inputs as a worker would before training, and trains nothing: the model's
// config, weights and tokenizer, and every row. OK, or the error that a worker would report.
absl::Status RunCheck(const CheckOptions& options);

}  // namespace ropewalk
