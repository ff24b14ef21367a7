#pragma once

#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct CheckOptions {
  std::string job;  // a JobSpec as JSON, whose base model and data are local paths; the base model
                    // may be missing: then data is only checked for its form
};

// Reads a job's local inputs as a worker would before training, and trains nothing: the model's
// config, weights and tokenizer, and every row. Writes a line about each file of data to `out`. OK,
// or the error that a worker would report.
absl::Status RunCheck(const CheckOptions& options, std::ostream& out);

}  // namespace ropewalk
