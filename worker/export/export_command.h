#pragma once

#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct ExportOptions {
  std::string base;     // model folder
  std::string adapter;  // PEFT folder
  std::string as;       // "merged" or "gguf"
  std::string to;       // a folder that is not there yet, or the GGUF file to write
};

// Writes base and adapter as one Hugging Face model folder, or the adapter as a GGUF file.
// ALREADY_EXISTS: `to` is there. INVALID_ARGUMENT: `as` is neither. Errors as ModelFolder::Open,
// ReadPeftFolder (what an adapter may not have is refused there), WriteMergedModel and GgufAdapter.
absl::Status RunExport(const ExportOptions& options);

}  // namespace ropewalk
