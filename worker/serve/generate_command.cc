#include "worker/serve/generate_command.h"

#include <memory>
#include <ostream>
#include <utility>
#include <vector>

#include "services/common/status_macros.h"
#include "worker/generate/eos_tokens.h"
#include "worker/serve/remote_generation.h"
#include "worker/tokenizer/tokenizer.h"
#include "worker/train/inference_model.h"

namespace ropewalk {
namespace {

using OnText = std::function<bool(absl::string_view)>;

absl::Status GenerateHere(const GenerateOptions& options, const OnText& on_text) {
  ASSIGN_OR_RETURN(const WantedStorage storage,
                   ParseWantedStorage(options.base_storage, options.double_quantization));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<InferenceModel> model,
      InferenceModel::Open(options.base, options.adapter, MatMulPrecision::kFull, storage));
  ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.base));
  ASSIGN_OR_RETURN(std::vector<int32_t> eos, EosTokens(options.base, model->config(), *tokenizer));
  TextOptions text = options.text;
  if (!options.adapter.empty()) text.adapter = 0;
  TextReceiver receiver = {on_text, [&](absl::string_view rest, FinishReason) { on_text(rest); }};
  ASSIGN_OR_RETURN(GenerationTask task,
                   MakeTextTask(*tokenizer, std::move(eos), std::move(text), std::move(receiver)));
  BatchDecoder decoder = model->NewDecoder();
  Generator generator(&decoder);
  RETURN_IF_ERROR(generator.Add(std::move(task)));
  while (generator.size() > 0) generator.Step();
  return absl::OkStatus();
}

}  // namespace

absl::Status RunGenerate(const GenerateOptions& options, const Termination& termination,
                         std::ostream& out) {
  const OnText write = [&](absl::string_view text) {
    if (!text.empty()) out << text << std::flush;
    return !termination.requested();
  };
  RETURN_IF_ERROR(options.server.empty()
                      ? GenerateHere(options, write)
                      : GenerateRemotely(options.server, options.adapter, options.text, write));
  out << std::endl;
  return absl::OkStatus();
}

}  // namespace ropewalk
