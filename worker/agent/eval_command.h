#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct EvalOptions {
  std::string base;          // model folder
  std::string base_storage;  // "nf4" and so on; empty: as the folder has it
  bool double_quantization = true;
  std::string adapter;  // PEFT folder; empty: the base alone
  std::string data;     // JSONL
  int samples = 5;      // rows to show
  int max_new_tokens = 64;
  std::string output = "table";  // or "json"
};

// Measures loss and exact matches over the rows of a file and writes them to `out`, with some rows
// as samples. Errors as InferenceModel::Open and Dataset::Load.
absl::Status RunEval(const EvalOptions& options, std::ostream& out);

}  // namespace ropewalk
