#include "worker/train/model_card.h"

#include <google/protobuf/text_format.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace ropewalk {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

// A text as YAML and JSON both read it.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

// The Hub's metadata (https://huggingface.co/docs/hub/model-cards).
std::string FrontMatter(const v1::JobSpec& spec) {
  const bool lora = spec.method().has_lora();
  return absl::StrCat("---\nbase_model: ", Quoted(spec.base_model()),
                      "\nlibrary_name: ", lora ? "peft" : "transformers",
                      "\npipeline_tag: text-generation\ntags:\n", lora ? "- lora\n" : "",
                      "- ropewalk\n---\n\n");
}

std::string DataLines(const char* use, const Names& versions, const Dataset& data) {
  std::string text;
  for (size_t i = 0; i < data.reports().size(); ++i) {
    const FileReport& report = data.reports()[i];
    const std::string name =
        static_cast<int>(i) < versions.size() ? versions[static_cast<int>(i)] : "a file";
    absl::StrAppend(&text, "- ", use, ": `", name, "`, ", report.documents, " of ", report.rows,
                    " rows, ", report.tokens, " tokens of which ", report.targets, " are learnt\n");
  }
  return text;
}

// A message as text, in which maps are sorted.
std::string Settings(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return absl::StrCat("```\n", text, "```\n\n");
}

std::string Outcome(const TrainState& state) {
  std::string text;
  if (!state.steps.empty()) {
    text = absl::StrFormat("%d steps; training loss %.4f at the first and %.4f at the last.\n",
                           state.step, state.steps.front().loss, state.steps.back().loss);
  }
  if (state.evaluations.empty()) return text;
  const EvaluationRecord& last = state.evaluations.back();
  absl::StrAppendFormat(&text, "Evaluated after step %d: loss %.4f", last.step, last.loss);
  if (last.exact_match_rows > 0) {
    absl::StrAppendFormat(&text, ", %d of %d rows completed exactly", last.exact_matches,
                          last.exact_match_rows);
  }
  return absl::StrCat(text, ".\n");
}

std::string HowToLoad(const v1::JobSpec& spec) {
  if (!spec.method().has_lora()) {
    return "    transformers.AutoModelForCausalLM.from_pretrained(FOLDER)\n";
  }
  return absl::StrCat(
      "With PEFT, where `base` is the base model as transformers loads it:\n\n"
      "    peft.PeftModel.from_pretrained(base, FOLDER)\n\n"
      "With Ropewalk:\n\n    ropewalk generate --adapter ",
      spec.adapter(), " --prompt TEXT\n    ropewalk export --adapter ", spec.adapter(),
      " --as merged|gguf --to WHERE     # a whole model, or a LoRA for llama.cpp\n");
}

}  // namespace

std::string ModelCard(const v1::JobSpec& spec, const v1::JobInputs& inputs,
                      const TrainingData& data, const TrainState& state) {
  std::string card = FrontMatter(spec);
  absl::StrAppend(&card, "# ", spec.adapter(), "\n\n",
                  spec.method().has_lora() ? "A LoRA adapter of" : "Trained from", " `",
                  spec.base_model(), "` (`", inputs.base_model(),
                  "`), made by Ropewalk.\n\n## Data\n\n");
  absl::StrAppend(&card, DataLines("training", inputs.train_data(), data.train));
  if (data.eval.has_value()) {
    absl::StrAppend(&card, DataLines("evaluation", inputs.eval_data(), *data.eval));
  }
  absl::StrAppend(&card, "\n## Method\n\n", Settings(spec.method()), Settings(spec.training()),
                  "## Outcome\n\n", Outcome(state), "\n`training.jsonl` has every step.\n\n",
                  "## Loading it\n\n", HowToLoad(spec));
  return card;
}

}  // namespace ropewalk
