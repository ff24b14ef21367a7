#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "services/common/termination.h"
#include "worker/generate/text_task.h"

namespace ropewalk {

struct GenerateOptions {
  std::string base;          // model folder
  std::string base_storage;  // "nf4" and so on; empty: as the folder has it
  bool double_quantization = true;
  std::string adapter;  // PEFT folder; empty: the base alone
  std::string server;   // "host:port" of a GenerationService, which then does the work; `base` is
                        // not looked at and `adapter` is one of its names
  TextOptions text;
};

// Writes the continuation of the prompt to `out` as it comes, and a newline; ends early when
// termination is asked for. Errors as InferenceModel::Open and MakeTextTask, or the server's.
absl::Status RunGenerate(const GenerateOptions& options, const Termination& termination,
                         std::ostream& out);

}  // namespace ropewalk
