#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/common/server.h"
#include "services/common/termination.h"
#include "worker/serve/generation_scheduler.h"

namespace ropewalk {

struct ServeOptions {
  ServerOptions server{.listen_address = "127.0.0.1:7095", .http_address = ""};
  std::string base;          // model folder
  std::string base_storage;  // "nf4" and so on; empty: as the folder has it
  bool double_quantization = true;
  std::vector<std::string> adapters;  // "NAME=FOLDER", or a folder, whose last part is the name
  GenerationLimits limits;
};

// Serves GenerationService until termination is asked for. Errors as InferenceModel::Open,
// Tokenizer::Load and Server::Start.
absl::Status RunServe(const ServeOptions& options, const Termination& termination);

}  // namespace ropewalk
