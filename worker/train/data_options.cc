#include "worker/train/data_options.h"

namespace ropewalk {
namespace {

Packing PackingOf(v1::Packing packing) {
  switch (packing) {
    case v1::PACKING_NONE:
      return Packing::kNone;
    case v1::PACKING_FIRST_FIT:
      return Packing::kFirstFit;
    default:
      return Packing::kFirstFitDecreasing;
  }
}

}  // namespace

TrainingDataOptions DataOptionsOf(const v1::JobSpec& spec, const TrainingFiles& files) {
  const v1::Training& training = spec.training();
  const v1::Data& data = spec.data();
  TrainingDataOptions options;
  options.model_folder = files.base_folder;
  options.train_files = files.train_files;
  options.eval_files = files.eval_files;
  options.weights.assign(data.weights().begin(), data.weights().end());
  options.dataset.max_sequence_length = training.max_sequence_length();
  options.dataset.too_long = data.too_long() == v1::TOO_LONG_DROP ? TooLong::kDrop : TooLong::kCut;
  options.learn = data.learn() == v1::LEARN_ALL ? Learn::kAll : Learn::kAnswers;
  options.chat_template = data.chat_template();
  absl::ParseCivilTime(data.date(), &options.date);
  options.plan.seed = training.seed();
  options.plan.epochs = training.epochs();
  options.plan.max_steps = training.max_steps();
  options.plan.global_batch_size = training.global_batch_size();
  options.plan.micro_batch_tokens = training.micro_batch_tokens();
  options.plan.packing = PackingOf(data.packing());
  return options;
}

}  // namespace ropewalk
