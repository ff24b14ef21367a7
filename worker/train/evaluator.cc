#include "worker/train/evaluator.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/ascii.h"
#include "services/common/status_macros.h"
#include "worker/data/pack.h"
#include "worker/train/checksum.h"
#include "worker/train/share.h"

namespace ropewalk {
namespace {

// A micro-batch's words in the reduction: only the rank that evaluates it writes them.
constexpr size_t kWords = sizeof(EvaluationCounts) / sizeof(int32_t);

absl::StatusOr<int64_t> CountExactMatches(const Dataset& data, const std::vector<int64_t>& rows,
                                          const Tokenizer& tokenizer, int max_new_tokens,
                                          LanguageModel* model) {
  std::vector<std::vector<int32_t>> prompts;
  for (const int64_t row : rows) {
    const Document& document = data.document(row);
    prompts.emplace_back(document.tokens.begin(), document.tokens.begin() + document.prompt_length);
  }
  ASSIGN_OR_RETURN(const auto continuations,
                   model->Generate(prompts, max_new_tokens, tokenizer.eos()));
  int64_t matches = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string given = tokenizer.Decode(continuations[i]);
    const std::string& wanted = data.document(rows[i]).completion;
    if (absl::StripAsciiWhitespace(given) == absl::StripAsciiWhitespace(wanted)) ++matches;
  }
  return matches;
}

}  // namespace

absl::StatusOr<EvaluationCounts> EvaluateDocuments(const Dataset& data,
                                                   const std::vector<int64_t>& documents,
                                                   const Tokenizer& tokenizer, int max_new_tokens,
                                                   LanguageModel* model) {
  const PackedTokens packed = Pack(data, documents);
  EvaluationCounts counts = {};
  counts.targets = packed.target_count;
  ASSIGN_OR_RETURN(counts.loss, model->Loss(packed));
  std::vector<int64_t> rows;
  for (const int64_t document : documents) {
    if (max_new_tokens > 0 && data.document(document).prompt_length > 0) rows.push_back(document);
  }
  if (rows.empty()) return counts;
  counts.exact_match_rows = rows.size();
  ASSIGN_OR_RETURN(counts.exact_matches,
                   CountExactMatches(data, rows, tokenizer, max_new_tokens, model));
  return counts;
}

absl::StatusOr<EvaluationRecord> Evaluate(const TrainingData& data, int64_t step,
                                          int max_new_tokens, const Team& team,
                                          LanguageModel* model, GradientReducer* reducer) {
  std::vector<int64_t> sizes;
  for (const auto& documents : data.eval_batches) {
    int64_t tokens = 0;
    for (const int64_t document : documents) tokens += data.eval->document(document).tokens.size();
    sizes.push_back(tokens);
  }
  const std::vector<int> rank_of = DealMicroBatches(sizes, team.weights);
  std::vector<int32_t> words(kWords * sizes.size() + 2, 0);  // the last two: checksum
  for (size_t m = 0; m < sizes.size(); ++m) {
    if (rank_of[m] != team.rank) continue;
    ASSIGN_OR_RETURN(const EvaluationCounts counts,
                     EvaluateDocuments(*data.eval, data.eval_batches[m], *data.tokenizer,
                                       max_new_tokens, model));
    std::memcpy(&words[kWords * m], &counts, sizeof(counts));
  }
  PutChecksum(absl::MakeSpan(words));
  Contribution contribution;
  contribution.sums = absl::MakeSpan(words);
  RETURN_IF_ERROR(reducer->AllReduce(step, contribution));
  RETURN_IF_ERROR(VerifyChecksum(words));

  EvaluationRecord record;
  record.step = step;
  int64_t targets = 0;
  for (size_t m = 0; m < sizes.size(); ++m) {
    EvaluationCounts counts;
    std::memcpy(&counts, &words[kWords * m], sizeof(counts));
    record.loss += counts.loss;
    record.exact_matches += counts.exact_matches;
    record.exact_match_rows += counts.exact_match_rows;
    targets += counts.targets;
  }
  record.loss /= std::max<int64_t>(1, targets);
  return record;
}

}  // namespace ropewalk
