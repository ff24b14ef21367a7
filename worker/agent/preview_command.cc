#include "worker/agent/preview_command.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/agent/local_job.h"
#include "worker/train/data_options.h"

namespace ropewalk {
namespace {

// The text of tokens [begin, end), special tokens written out.
std::string TextOf(const Document& document, int32_t begin, int32_t end,
                   const Tokenizer& tokenizer) {
  std::string text;
  std::vector<int32_t> ordinary;
  const auto flush = [&] {
    absl::StrAppend(&text, tokenizer.Decode(ordinary));
    ordinary.clear();
  };
  for (int32_t i = begin; i < end; ++i) {
    const int32_t token = document.tokens[i];
    ordinary.push_back(token);
    if (!tokenizer.Decode({token}).empty()) continue;
    ordinary.pop_back();
    flush();
    absl::StrAppend(&text, tokenizer.IdToToken(token));
  }
  flush();
  return text;
}

std::string MarkedText(const Document& document, const Tokenizer& tokenizer) {
  std::string text;
  int32_t done = 0;
  for (const TokenRange& range : document.targets) {
    absl::StrAppend(&text, TextOf(document, done, range.begin, tokenizer), "[[",
                    TextOf(document, range.begin, range.end, tokenizer), "]]");
    done = range.end;
  }
  return absl::StrCat(text, TextOf(document, done, document.tokens.size(), tokenizer));
}

// A document's place in the plan.
struct Place {
  int64_t step;  // 1 for the first
  int64_t micro_batch;
  int64_t document;
};

void PrintText(const Place& place, const TrainingData& data, std::ostream& out) {
  const Document& document = data.train.document(place.document);
  out << absl::StrFormat("--- step %d, micro-batch %d, document %d: %d tokens, %d learnt\n%s\n",
                         place.step, place.micro_batch + 1, place.document, document.tokens.size(),
                         document.target_count(), MarkedText(document, *data.tokenizer));
}

void PrintJson(const Place& place, const TrainingData& data, std::ostream& out) {
  const Document& document = data.train.document(place.document);
  nlohmann::ordered_json line = {{"step", place.step},
                                 {"micro_batch", place.micro_batch},
                                 {"document", place.document},
                                 {"tokens", document.tokens},
                                 {"learnt", nlohmann::ordered_json::array()}};
  for (const TokenRange& range : document.targets) {
    line["learnt"].push_back({range.begin, range.end});
  }
  out << line.dump() << "\n";
}

}  // namespace

absl::Status RunPreview(const PreviewOptions& options, std::ostream& out) {
  ASSIGN_OR_RETURN(const v1::JobSpec spec, ParseLocalJob(options.job));
  ASSIGN_OR_RETURN(const TrainingData data,
                   LoadTrainingData(DataOptionsOf(spec, LocalFilesOf(spec))));
  const int64_t steps = std::min(options.steps, data.plan.total_steps());
  for (int64_t step = 0; step < steps; ++step) {
    const std::vector<std::vector<int64_t>> batches = data.plan.MicroBatches(step);
    for (size_t b = 0; b < batches.size(); ++b) {
      for (const int64_t document : batches[b]) {
        const Place place{step + 1, static_cast<int64_t>(b), document};
        options.output == "json" ? PrintJson(place, data, out) : PrintText(place, data, out);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
