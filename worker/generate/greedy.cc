#include "worker/generate/greedy.h"

#include <algorithm>

#include "services/common/status_macros.h"
#include "worker/generate/batch_decoder.h"
#include "worker/generate/generator.h"

namespace ropewalk {
namespace {

// Prompts that are continued together; bounds the memory for their keys and values.
constexpr size_t kMaxTexts = 32;

}  // namespace

absl::StatusOr<std::vector<std::vector<int32_t>>> GenerateGreedily(
    const Transformer<float>& model, const std::vector<std::vector<int32_t>>& prompts,
    int max_new_tokens, int32_t eos) {
  for (const std::vector<int32_t>& prompt : prompts) {
    RETURN_IF_ERROR(CheckPrompt(model.config(), prompt));
  }
  std::vector<std::vector<int32_t>> results(prompts.size());
  if (max_new_tokens <= 0) return results;
  BatchDecoder decoder(model, /*router=*/nullptr, BatchDecoder::Padding::kNone);
  Generator generator(&decoder);
  for (size_t first = 0; first < prompts.size(); first += kMaxTexts) {
    for (size_t i = first; i < std::min(first + kMaxTexts, prompts.size()); ++i) {
      const auto keep = [result = &results[i]](int32_t token) {
        result->push_back(token);
        return true;
      };
      RETURN_IF_ERROR(generator.Add({.prompt = prompts[i],
                                     .max_new_tokens = max_new_tokens,
                                     .eos = {eos},
                                     .on_token = keep}));
    }
    while (generator.size() > 0) generator.Step();
  }
  return results;
}

}  // namespace ropewalk
