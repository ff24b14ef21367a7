#include "worker/model/generate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/kv_cache.h"
#include "worker/model/rope_rows.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/embedding.h"
#include "worker/ops/rms_norm.h"

namespace ropewalk {
namespace {

// Prompts that are continued together; bounds the memory for their keys and values.
constexpr size_t kMaxTexts = 32;

template <typename T>
struct Text {
  KvCache<T> cache;
  int64_t capacity;  // of the cache, in tokens
  int64_t length;    // tokens whose keys and values are in the cache
  int32_t newest;    // the token after them
  std::vector<int32_t>* generated;
};

// Prompts laid one after another.
struct Packed {
  explicit Packed(absl::Span<const std::vector<int32_t>> prompts) {
    for (const std::vector<int32_t>& prompt : prompts) {
      tokens.insert(tokens.end(), prompt.begin(), prompt.end());
      for (size_t position = 0; position < prompt.size(); ++position) positions.push_back(position);
      starts.push_back(tokens.size());
      last_rows.push_back(tokens.size() - 1);
    }
  }

  std::vector<int32_t> tokens;
  std::vector<int32_t> positions;
  std::vector<int32_t> starts = {0};
  std::vector<int64_t> last_rows;
};

template <typename T>
class Generator {
 public:
  Generator(const Transformer<T>& model, int32_t eos)
      : model_(model), config_(model.config()), eos_(eos), rope_(config_) {}

  void Run(absl::Span<const std::vector<int32_t>> prompts, int max_new_tokens,
           absl::Span<std::vector<int32_t>> results) {
    Prefill(prompts, max_new_tokens, results);
    while (!texts_.empty()) Extend();
  }

 private:
  // Runs all prompts through the model at once, packed, and picks each one's first new token.
  void Prefill(absl::Span<const std::vector<int32_t>> prompts, int max_new_tokens,
               absl::Span<std::vector<int32_t>> results) {
    for (size_t i = 0; i < prompts.size(); ++i) {
      const int64_t length = prompts[i].size();
      const int64_t capacity = std::min(length + max_new_tokens, config_.longest_sequence());
      KvCache<T> cache(config_, capacity);
      texts_.push_back({std::move(cache), capacity, length, 0, &results[i]});
    }
    const Packed packed(prompts);
    const auto attend = [&](int64_t layer, const LayerActivations<T>& a) {
      AttentionForward<T>(model_.attention_shape(layer), packed.starts, a.query, a.key, a.value,
                          a.attended, a.log_sum_exp);
      for (size_t i = 0; i < texts_.size(); ++i) {
        const int64_t offset = packed.starts[i] * config_.key_value_size();
        texts_[i].cache.Put(layer, 0, texts_[i].length, a.key + offset, a.value + offset);
      }
    };
    Pick(Forward(packed.tokens, packed.positions, packed.starts, attend), packed.last_rows);
  }

  // Runs the newest token of each text through the model and picks the next.
  void Extend() {
    std::vector<int32_t> tokens, positions, starts = {0};
    std::vector<int64_t> rows;
    for (Text<T>& text : texts_) {
      tokens.push_back(text.newest);
      positions.push_back(text.length++);
      rows.push_back(rows.size());
      starts.push_back(rows.size());
    }
    std::vector<int64_t> lengths(texts_.size());
    std::vector<const T*> keys(texts_.size()), values(texts_.size());
    const auto attend = [&](int64_t layer, const LayerActivations<T>& a) {
      for (size_t i = 0; i < texts_.size(); ++i) {
        const int64_t offset = i * config_.key_value_size();
        texts_[i].cache.Put(layer, positions[i], 1, a.key + offset, a.value + offset);
        lengths[i] = texts_[i].cache.Length(layer, texts_[i].length);
        keys[i] = texts_[i].cache.keys(layer);
        values[i] = texts_[i].cache.values(layer);
      }
      AttentionDecode<T>(model_.attention_shape(layer), lengths, a.query, keys, values, a.attended);
    };
    Pick(Forward(tokens, positions, starts, attend), rows);
  }

  // Returns the last layer's output [rows, hidden]. starts: those of the documents that the rows
  // belong to.
  template <typename Attend>
  const T* Forward(const std::vector<int32_t>& tokens, const std::vector<int32_t>& positions,
                   const std::vector<int32_t>& starts, Attend attend) {
    rope_.Begin(positions, starts);
    const Rows<T> rows = {static_cast<int64_t>(tokens.size()), rope_.cosines(), rope_.sines()};
    Reserve(rows.count);
    if (model_.hook() != nullptr) model_.hook()->BeginPass(rows.count, nullptr);
    EmbeddingForward(rows.count, config_.hidden_size, tokens.data(),
                     model_.weights().Plain(model_.weights().index().Embedding()),
                     activations_.input);
    for (size_t layer = 0; layer < model_.layers().size(); ++layer) {
      model_.layers()[layer].Forward(
          rows, activations_, scratch_, [&](const LayerActivations<T>& a) { attend(layer, a); },
          output_);
      std::swap(activations_.input, output_);
    }
    return activations_.input;
  }

  // Gives each text the likeliest token after its row of `hidden`, and lets go of those that have
  // ended.
  void Pick(const T* hidden, const std::vector<int64_t>& rows) {
    const std::vector<T> logits = Logits(hidden, rows);
    std::vector<Text<T>> going_on;
    for (size_t i = 0; i < texts_.size(); ++i) {
      Text<T>& text = texts_[i];
      text.newest = ArgMax(config_.vocab_size, &logits[i * config_.vocab_size]);
      if (text.newest == eos_) continue;
      text.generated->push_back(text.newest);
      if (text.length + 1 < text.capacity) going_on.push_back(std::move(text));
    }
    texts_ = std::move(going_on);
  }

  // [rows, vocabulary], after these rows of `hidden`.
  std::vector<T> Logits(const T* hidden, const std::vector<int64_t>& rows) const {
    const int64_t size = config_.hidden_size, count = rows.size();
    std::vector<T> chosen(count * size), normed(count * size), rstd(count);
    for (int64_t i = 0; i < count; ++i) {
      std::copy_n(hidden + rows[i] * size, size, &chosen[i * size]);
    }
    RmsNormForward(count, size, chosen.data(),
                   model_.weights().Plain(model_.weights().index().FinalNorm()),
                   config_.rms_norm_eps, normed.data(), rstd.data());
    std::vector<T> logits(count * config_.vocab_size);
    model_.weights().Output().Forward(count, normed.data(), logits.data());
    return logits;
  }

  void Reserve(int64_t rows) {
    if (rows <= reserved_rows_) return;
    reserved_rows_ = rows;
    arena_.Build([&](Arena<T>* arena) {
      activations_.Take(config_, rows, arena);
      scratch_.TakeForward(config_, rows, arena);
      output_ = arena->Take(rows * config_.hidden_size);
    });
  }

  const Transformer<T>& model_;
  const ModelConfig& config_;
  const int32_t eos_;
  RopeRows<T> rope_;
  std::vector<Text<T>> texts_;  // that have not ended

  Arena<T> arena_;
  int64_t reserved_rows_ = 0;
  LayerActivations<T> activations_;
  LayerScratch<T> scratch_;
  T* output_ = nullptr;  // [rows, hidden]
};

absl::Status CheckPrompt(const ModelConfig& config, const std::vector<int32_t>& prompt) {
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

}  // namespace

template <typename T>
absl::StatusOr<std::vector<std::vector<int32_t>>> GenerateGreedily(
    const Transformer<T>& model, const std::vector<std::vector<int32_t>>& prompts,
    int max_new_tokens, int32_t eos) {
  for (const std::vector<int32_t>& prompt : prompts) {
    RETURN_IF_ERROR(CheckPrompt(model.config(), prompt));
  }
  std::vector<std::vector<int32_t>> results(prompts.size());
  if (max_new_tokens <= 0) return results;
  Generator<T> generator(model, eos);
  for (size_t first = 0; first < prompts.size(); first += kMaxTexts) {
    generator.Run(absl::MakeSpan(prompts).subspan(first, kMaxTexts), max_new_tokens,
                  absl::MakeSpan(results).subspan(first, kMaxTexts));
  }
  return results;
}

template absl::StatusOr<std::vector<std::vector<int32_t>>> GenerateGreedily(
    const Transformer<float>&, const std::vector<std::vector<int32_t>>&, int, int32_t);
template absl::StatusOr<std::vector<std::vector<int32_t>>> GenerateGreedily(
    const Transformer<double>&, const std::vector<std::vector<int32_t>>&, int, int32_t);

}  // namespace ropewalk
