#include "worker/train/training_data.h"

#include <numeric>
#include <utility>

#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

std::vector<int64_t> AllOf(const Dataset& dataset) {
  std::vector<int64_t> documents(dataset.size());
  std::iota(documents.begin(), documents.end(), 0);
  return documents;
}

}  // namespace

absl::StatusOr<TrainingData> LoadTrainingData(const TrainingDataOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Tokenizer> tokenizer, Tokenizer::Load(options.model_folder));
  const DatasetOptions dataset_options{options.max_sequence_length};
  ASSIGN_OR_RETURN(Dataset train, Dataset::Load(options.train_files, *tokenizer, dataset_options));
  Plan plan(options.plan, train.lengths());
  TrainingData data{std::move(tokenizer), std::move(train), std::move(plan), std::nullopt, {}};
  if (options.eval_files.empty()) return data;
  ASSIGN_OR_RETURN(data.eval, Dataset::Load(options.eval_files, *data.tokenizer, dataset_options));
  data.eval_batches =
      PackFirstFit(AllOf(*data.eval), data.eval->lengths(), options.plan.micro_batch_tokens);
  return data;
}

}  // namespace ropewalk
