#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct PreviewOptions {
  std::string job;  // a JobSpec as JSON, whose base model and data are local paths
  int64_t steps = 1;
  std::string output = "table";  // or "json"
};

// Writes to `out` what a job's first steps will train on, to the token: each micro-batch's
// documents, with what is learnt between [[ and ]]; as JSON, a line a document with its tokens and
// the ranges [begin, end) of those that are learnt. Trains nothing. Errors as LoadTrainingData.
absl::Status RunPreview(const PreviewOptions& options, std::ostream& out);

}  // namespace ropewalk
