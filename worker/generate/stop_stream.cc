#include "worker/generate/stop_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

StopStream::StopStream(const Tokenizer& tokenizer, std::vector<std::string> stop)
    : text_(tokenizer), stop_(std::move(stop)) {}

std::string StopStream::Add(int32_t token) {
  if (stopped_) return "";
  text_.Push(token, &pending_);
  return TakeCertain();
}

std::string StopStream::Finish() {
  if (stopped_) return "";
  text_.Finish(&pending_);
  const std::string text = TakeCertain();
  return stopped_ ? text : text + std::exchange(pending_, "");
}

std::string StopStream::TakeCertain() {
  size_t end = std::string::npos;
  for (const std::string& stop : stop_) {
    if (!stop.empty()) end = std::min(end, pending_.find(stop));
  }
  stopped_ = end != std::string::npos;
  if (!stopped_) end = pending_.size() - PossibleStop();
  std::string text = pending_.substr(0, end);
  pending_.erase(0, end);
  return text;
}

size_t StopStream::PossibleStop() const {
  size_t most = 0;
  for (const std::string& stop : stop_) {
    if (stop.empty()) continue;
    for (size_t length = std::min(stop.size() - 1, pending_.size()); length > most; --length) {
      if (absl::EndsWith(pending_, absl::string_view(stop).substr(0, length))) most = length;
    }
  }
  return most;
}

}  // namespace ropewalk
