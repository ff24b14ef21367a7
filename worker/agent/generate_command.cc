#include "worker/agent/generate_command.h"

#include <memory>
#include <ostream>
#include <vector>

#include "services/common/status_macros.h"
#include "worker/tokenizer/tokenizer.h"
#include "worker/train/inference_model.h"

namespace ropewalk {

absl::Status RunGenerate(const GenerateOptions& options, std::ostream& out) {
  if (options.prompt.empty())
    return absl::InvalidArgumentError("--prompt is empty: there is nothing to continue");
  ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> model,
                   InferenceModel::Open(options.base, options.adapter, MatMulPrecision::kFull));
  ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.base));
  ASSIGN_OR_RETURN(const std::vector<int32_t> prompt, tokenizer->EncodeBeginning(options.prompt));
  ASSIGN_OR_RETURN(const auto continuations,
                   model->Generate({prompt}, options.max_new_tokens, tokenizer->eos()));
  out << tokenizer->Decode(continuations[0]) << "\n";
  return absl::OkStatus();
}

}  // namespace ropewalk
