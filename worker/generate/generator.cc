#include "worker/generate/generator.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Rooms for longer texts are made when they get long.
constexpr int64_t kExpectedNewTokens = 256;

void End(const GenerationTask& task, FinishReason reason) {
  if (task.on_end) task.on_end(reason);
}

}  // namespace

absl::Status CheckPrompt(const ModelConfig& config, absl::Span<const int32_t> prompt) {
  if (prompt.empty() || static_cast<int64_t>(prompt.size()) > config.longest_sequence()) {
    return absl::InvalidArgumentError(absl::StrCat("a prompt has ", prompt.size(),
                                                   " tokens; the model takes 1 to ",
                                                   config.longest_sequence()));
  }
  for (const int32_t token : prompt) {
    if (token < 0 || token >= config.vocab_size) {
      return absl::InvalidArgumentError(
          absl::StrCat("a prompt has the token ", token, ", which the model does not know"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTask(const ModelConfig& config, const GenerationTask& task) {
  RETURN_IF_ERROR(CheckPrompt(config, task.prompt));
  RETURN_IF_ERROR(CheckSampling(task.sampling));
  if (task.max_new_tokens >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("max_new_tokens is ", task.max_new_tokens, "; it must be 1 or more"));
}

int64_t MostTokens(const ModelConfig& config, const GenerationTask& task) {
  const int64_t length = task.prompt.size();
  return length + std::min(task.max_new_tokens, config.longest_sequence() - length);
}

absl::Status Generator::Add(GenerationTask task) {
  RETURN_IF_ERROR(CheckTask(decoder_->config(), task));
  const int64_t length = task.prompt.size(), capacity = MostTokens(decoder_->config(), task);
  KvCache<float> cache = decoder_->NewCache(std::min(capacity, length + kExpectedNewTokens));
  std::vector<int32_t> text = task.prompt;
  fresh_.push_back({std::move(task), std::move(cache), capacity, std::move(text)});
  return absl::OkStatus();
}

void Generator::Step() {
  std::vector<Text> fresh = std::exchange(fresh_, {}), texts = std::exchange(texts_, {});
  std::vector<TextPiece> pieces;
  if (!texts.empty()) {
    for (Text& text : texts) {
      pieces.push_back({absl::MakeConstSpan(text.text).last(1), &text.cache, text.task.adapter});
    }
    Choose(decoder_->Extend(pieces), std::move(texts));
  }
  if (fresh.empty()) return;
  pieces.clear();
  for (Text& text : fresh) pieces.push_back({text.text, &text.cache, text.task.adapter});
  Choose(decoder_->Prefill(pieces), std::move(fresh));
  // Texts of one adapter side by side go through it together.
  absl::c_stable_sort(texts_,
                      [](const Text& a, const Text& b) { return a.task.adapter < b.task.adapter; });
}

void Generator::Choose(absl::Span<const float> logits, std::vector<Text> texts) {
  const int64_t vocabulary = decoder_->config().vocab_size;
  for (size_t i = 0; i < texts.size(); ++i) {
    Text& text = texts[i];
    const int32_t token =
        sampler_.Pick(text.task.sampling, logits.subspan(i * vocabulary, vocabulary), text.text);
    if (Continue(token, &text)) texts_.push_back(std::move(text));
  }
}

bool Generator::Continue(int32_t token, Text* text) {
  if (absl::c_linear_search(text->task.eos, token)) {
    End(text->task, FinishReason::kEos);
    return false;
  }
  text->text.push_back(token);
  if (!text->task.on_token(token)) {
    End(text->task, FinishReason::kStop);
    return false;
  }
  if (static_cast<int64_t>(text->text.size()) < text->capacity) return true;
  End(text->task, FinishReason::kLength);
  return false;
}

}  // namespace ropewalk
