#include "worker/serve/serve_command.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"
#include "worker/generate/eos_tokens.h"
#include "worker/serve/generation_service.h"
#include "worker/tokenizer/tokenizer.h"
#include "worker/train/inference_model.h"

namespace ropewalk {
namespace {

// How long texts under way may go on once the server is to stop.
constexpr absl::Duration kDrain = absl::Seconds(10);

std::string LastPart(const std::string& folder) {
  const std::filesystem::path path = std::filesystem::path(folder).lexically_normal();
  return path.has_filename() ? path.filename() : path.parent_path().filename();
}

absl::StatusOr<std::vector<NamedAdapter>> ParseAdapters(const std::vector<std::string>& flags) {
  std::vector<NamedAdapter> adapters;
  for (const std::string& flag : flags) {
    const size_t equals = flag.find('=');
    if (equals == std::string::npos) {
      adapters.push_back({LastPart(flag), flag});
    } else {
      adapters.push_back({flag.substr(0, equals), flag.substr(equals + 1)});
    }
    if (!adapters.back().name.empty() && !adapters.back().folder.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--adapter: '", flag, "' is not NAME=FOLDER or a folder"));
  }
  return adapters;
}

absl::Status CheckLimits(const GenerationLimits& limits) {
  if (limits.max_batch >= 1 && limits.max_queue >= 1 && limits.max_cached_tokens >= 1) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "--max-batch, --max-queue and --max-cached-tokens must be 1 or more");
}

}  // namespace

absl::Status RunServe(const ServeOptions& options, const Termination& termination) {
  RETURN_IF_ERROR(CheckLimits(options.limits));
  ASSIGN_OR_RETURN(const std::vector<NamedAdapter> adapters, ParseAdapters(options.adapters));
  ASSIGN_OR_RETURN(const WantedStorage storage,
                   ParseWantedStorage(options.base_storage, options.double_quantization));
  ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> model,
                   InferenceModel::Open(options.base, adapters, MatMulPrecision::kFull, storage));
  ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.base));
  ASSIGN_OR_RETURN(std::vector<int32_t> eos, EosTokens(options.base, model->config(), *tokenizer));
  GenerationScheduler scheduler(model->NewDecoder(), options.limits);
  GenerationServiceImpl service(
      {model.get(), tokenizer.get(), std::move(eos), LastPart(options.base), &scheduler});
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(options.server, {&service}));
  server->SetReady(true);
  LogInfo("serving",
          {{"base", options.base}, {"adapters", absl::StrJoin(model->adapters(), ", ")}});
  termination.Wait();
  LogInfo("stopping");
  server->Shutdown(kDrain);
  return absl::OkStatus();
}

}  // namespace ropewalk
