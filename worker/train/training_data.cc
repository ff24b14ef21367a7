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

Mixture MixtureOf(const Dataset& train, const TrainingDataOptions& options) {
  std::vector<MixturePart> parts;
  for (size_t i = 0; i < train.reports().size(); ++i) {
    const double weight = options.weights.empty() ? 1.0 : options.weights[i];
    parts.push_back({train.reports()[i].documents, weight});
  }
  return Mixture(std::move(parts), options.plan.seed);
}

// Pinned to the job's date: a template that asks for today's must not give every worker another
// text.
absl::StatusOr<ChatFormat> LoadChat(const TrainingDataOptions& options) {
  absl::StatusOr<ChatFormat> chat =
      options.chat_template.empty()
          ? LoadChatFormat(options.model_folder)
          : LoadChatFormatWith(options.model_folder, options.chat_template);
  if (chat.ok()) chat->now = absl::FromCivil(options.date, absl::LocalTimeZone());
  return chat;
}

}  // namespace

absl::StatusOr<LoadedData> LoadData(const TrainingDataOptions& options) {
  LoadedData data;
  ASSIGN_OR_RETURN(data.tokenizer, Tokenizer::Load(options.model_folder));
  const absl::StatusOr<ChatFormat> chat = LoadChat(options);
  if (!options.chat_template.empty()) RETURN_IF_ERROR(chat.status());
  const RowTokeniser tokeniser(data.tokenizer.get(), &chat, options.learn);
  if (!options.train_files.empty()) {
    ASSIGN_OR_RETURN(data.train, Dataset::Load(options.train_files, tokeniser, options.dataset));
  }
  if (!options.eval_files.empty()) {
    ASSIGN_OR_RETURN(data.eval, Dataset::Load(options.eval_files, tokeniser, options.dataset));
  }
  return data;
}

absl::StatusOr<TrainingData> LoadTrainingData(const TrainingDataOptions& options) {
  ASSIGN_OR_RETURN(LoadedData loaded, LoadData(options));
  Plan plan(options.plan, loaded.train.lengths(), MixtureOf(loaded.train, options));
  TrainingData data{std::move(loaded.tokenizer),
                    std::move(loaded.train),
                    std::move(plan),
                    std::move(loaded.eval),
                    {}};
  if (data.eval.has_value()) {
    data.eval_batches = PackDocuments(options.plan.packing, AllOf(*data.eval), data.eval->lengths(),
                                      options.plan.micro_batch_tokens);
  }
  return data;
}

}  // namespace ropewalk
