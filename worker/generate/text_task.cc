#include "worker/generate/text_task.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/generate/stop_stream.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxStops = 16;
constexpr size_t kMaxStopBytes = 1000;

absl::Status CheckStops(const std::vector<std::string>& stops) {
  if (stops.size() > kMaxStops) {
    return absl::InvalidArgumentError(
        absl::StrCat("stop: ", stops.size(), " strings; at most ", kMaxStops, " are allowed"));
  }
  for (const std::string& stop : stops) {
    if (!stop.empty() && stop.size() <= kMaxStopBytes) continue;
    return absl::InvalidArgumentError(absl::StrCat("stop: a string has ", stop.size(),
                                                   " bytes; it must have 1 to ", kMaxStopBytes));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GenerationTask> MakeTextTask(const Tokenizer& tokenizer, std::vector<int32_t> eos,
                                            TextOptions options, TextReceiver receiver) {
  if (options.prompt.empty()) {
    return absl::InvalidArgumentError("the prompt is empty: there is nothing to continue");
  }
  RETURN_IF_ERROR(CheckStops(options.stop));
  GenerationTask task{.max_new_tokens = options.max_new_tokens,
                      .eos = std::move(eos),
                      .sampling = options.sampling,
                      .adapter = options.adapter};
  ASSIGN_OR_RETURN(task.prompt, tokenizer.EncodeBeginning(options.prompt));
  const auto stream = std::make_shared<StopStream>(tokenizer, std::move(options.stop));
  task.on_token = [stream, on_text = receiver.on_text](int32_t token) {
    return on_text(stream->Add(token)) && !stream->stopped();
  };
  task.on_end = [stream, receiver = std::move(receiver)](FinishReason reason) {
    const std::string rest = stream->Finish();
    receiver.on_end(rest, stream->stopped() ? FinishReason::kStop : reason);
  };
  return task;
}

}  // namespace ropewalk
