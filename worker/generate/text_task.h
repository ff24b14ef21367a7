#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/generate/generator.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// How a text is to be continued, in words instead of tokens.
struct TextOptions {
  std::string prompt;
  int64_t max_new_tokens = 64;
  std::vector<std::string> stop;  // the text ends before the first of these
  SamplingOptions sampling;
  int adapter = RowRouter::kNoHook;
};

// Who gets the text. Both are called by Generator::Step.
struct TextReceiver {
  // Called for every token with the text that it makes certain, often none. False: no more.
  std::function<bool(absl::string_view)> on_text;
  // Called once, last, with text that is certain only now.
  std::function<void(absl::string_view, FinishReason)> on_end;
};

// The task of continuing a text. `tokenizer` must outlive it. INVALID_ARGUMENT: the prompt is empty
// or not text that the tokenizer takes, or there are more than 16 stop strings, or one is empty or
// longer than 1000 bytes.
absl::StatusOr<GenerationTask> MakeTextTask(const Tokenizer& tokenizer, std::vector<int32_t> eos,
                                            TextOptions options, TextReceiver receiver);

}  // namespace ropewalk
