#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/generate/batch_decoder.h"
#include "worker/generate/sampling.h"

namespace ropewalk {

enum class FinishReason {
  kEos,     // the model ended the text
  kLength,  // max_new_tokens, or the model's last position
  kStop,    // on_token wanted no more
};

// A text to be continued.
struct GenerationTask {
  std::vector<int32_t> prompt;
  int64_t max_new_tokens = 64;
  std::vector<int32_t> eos;  // tokens that end the text; they are not part of it
  SamplingOptions sampling;
  int adapter = RowRouter::kNoHook;
  // Called with each new token; the text goes on while it returns true.
  std::function<bool(int32_t)> on_token;
  // Called once, last; may be null.
  std::function<void(FinishReason)> on_end;
};

// Continues texts, each with its own options; a text may join while others are under way. Not
// thread-safe; callbacks come from Step.
class Generator {
 public:
  // `decoder` must outlive the generator.
  explicit Generator(BatchDecoder* decoder) : decoder_(decoder) {}

  // The text begins with the next step. The error of CheckTask.
  absl::Status Add(GenerationTask task);

  // Gives every text its next token: new ones by a pass over their prompts, the others by a pass
  // over their newest tokens.
  void Step();

  // Texts that have not ended.
  int64_t size() const { return fresh_.size() + texts_.size(); }

 private:
  struct Text {
    GenerationTask task;
    KvCache<float> cache;
    int64_t capacity;           // tokens at which the text ends
    std::vector<int32_t> text;  // prompt and what has been generated
  };

  // Picks each text's next token and moves those that go on to texts_.
  void Choose(absl::Span<const float> logits, std::vector<Text> texts);
  // False: the text has ended.
  bool Continue(int32_t token, Text* text);

  BatchDecoder* const decoder_;
  Sampler sampler_;
  std::vector<Text> fresh_;  // not begun
  std::vector<Text> texts_;
};

// INVALID_ARGUMENT: an empty prompt, one with more tokens than the model positions, or one with a
// token that the model does not have.
absl::Status CheckPrompt(const ModelConfig& config, absl::Span<const int32_t> prompt);

// INVALID_ARGUMENT: such a prompt, sampling options out of range, or max_new_tokens below 1.
absl::Status CheckTask(const ModelConfig& config, const GenerationTask& task);

// The tokens that the text may come to have, with its prompt.
int64_t MostTokens(const ModelConfig& config, const GenerationTask& task);

}  // namespace ropewalk
