#include "worker/agent/eval_command.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>
#include <vector>

#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/data/plan.h"
#include "worker/train/evaluator.h"
#include "worker/train/inference_model.h"

namespace ropewalk {
namespace {

constexpr int64_t kPackTokens = 4096;

struct Sample {
  std::string prompt, wanted, given;
};

struct EvalResult {
  EvaluationCounts counts = {};
  std::vector<Sample> samples;
};

absl::StatusOr<EvaluationCounts> Measure(const Dataset& data, const Tokenizer& tokenizer,
                                         int max_new_tokens, LanguageModel* model) {
  std::vector<int64_t> rows(data.size());
  std::iota(rows.begin(), rows.end(), 0);
  EvaluationCounts total = {};
  for (const auto& pack : PackDocuments(Packing::kFirstFit, rows, data.lengths(), kPackTokens)) {
    ASSIGN_OR_RETURN(const EvaluationCounts part,
                     EvaluateDocuments(data, pack, tokenizer, max_new_tokens, model));
    total.loss += part.loss;
    total.targets += part.targets;
    total.exact_matches += part.exact_matches;
    total.exact_match_rows += part.exact_match_rows;
  }
  return total;
}

// Evenly from the whole file.
absl::StatusOr<std::vector<Sample>> TakeSamples(const Dataset& data, const Tokenizer& tokenizer,
                                                const EvalOptions& options, LanguageModel* model) {
  std::vector<Sample> samples;
  std::vector<std::vector<int32_t>> prompts;
  const int64_t count = std::min<int64_t>(options.samples, data.size());
  for (int64_t i = 0; i < count; ++i) {
    const Document& document = data.document(i * data.size() / count);
    if (document.prompt_length == 0) continue;
    prompts.emplace_back(document.tokens.begin(), document.tokens.begin() + document.prompt_length);
    samples.push_back({tokenizer.Decode(prompts.back()), document.completion, ""});
  }
  if (prompts.empty()) return samples;
  ASSIGN_OR_RETURN(const auto given,
                   model->Generate(prompts, options.max_new_tokens, tokenizer.eos()));
  for (size_t i = 0; i < samples.size(); ++i) samples[i].given = tokenizer.Decode(given[i]);
  return samples;
}

double MeanLoss(const EvaluationCounts& counts) {
  return counts.loss / std::max<int64_t>(1, counts.targets);
}

double ExactMatch(const EvaluationCounts& counts) {
  return static_cast<double>(counts.exact_matches) / std::max<int64_t>(1, counts.exact_match_rows);
}

void PrintJson(const EvalResult& result, std::ostream& out) {
  nlohmann::ordered_json json = {{"loss", MeanLoss(result.counts)},
                                 {"target_tokens", result.counts.targets}};
  if (result.counts.exact_match_rows > 0) {
    json["exact_match"] = ExactMatch(result.counts);
    json["exact_matches"] = result.counts.exact_matches;
    json["exact_match_rows"] = result.counts.exact_match_rows;
  }
  json["samples"] = nlohmann::ordered_json::array();
  for (const Sample& sample : result.samples) {
    json["samples"].push_back(
        {{"prompt", sample.prompt}, {"wanted", sample.wanted}, {"given", sample.given}});
  }
  // What an untrained model gives need not be UTF-8.
  out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void PrintTable(const EvalResult& result, std::ostream& out) {
  out << absl::StrFormat("loss         %.4f over %d tokens\n", MeanLoss(result.counts),
                         result.counts.targets);
  if (result.counts.exact_match_rows > 0) {
    out << absl::StrFormat("exact match  %.1f %% (%d of %d)\n", 100 * ExactMatch(result.counts),
                           result.counts.exact_matches, result.counts.exact_match_rows);
  }
  for (const Sample& sample : result.samples) {
    out << absl::StrFormat("  %s\n    given  %s\n    wanted %s\n", sample.prompt, sample.given,
                           sample.wanted);
  }
}

}  // namespace

absl::Status RunEval(const EvalOptions& options, std::ostream& out) {
  ASSIGN_OR_RETURN(const WantedStorage storage,
                   ParseWantedStorage(options.base_storage, options.double_quantization));
  ASSIGN_OR_RETURN(
      const std::unique_ptr<InferenceModel> model,
      InferenceModel::Open(options.base, options.adapter, MatMulPrecision::kFull, storage));
  ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.base));
  const absl::StatusOr<ChatFormat> chat = LoadChatFormat(options.base);
  const RowTokeniser tokeniser(tokenizer.get(), &chat, Learn::kAnswers);
  const DatasetOptions dataset_options{.max_sequence_length = model->config().longest_sequence()};
  ASSIGN_OR_RETURN(const Dataset data, Dataset::Load({options.data}, tokeniser, dataset_options));
  EvalResult result;
  ASSIGN_OR_RETURN(result.counts, Measure(data, *tokenizer, options.max_new_tokens, model.get()));
  ASSIGN_OR_RETURN(result.samples, TakeSamples(data, *tokenizer, options, model.get()));
  options.output == "json" ? PrintJson(result, out) : PrintTable(result, out);
  return absl::OkStatus();
}

}  // namespace ropewalk
