#include "worker/serve/generation_stream.h"

#include <utility>

#include "absl/time/clock.h"

namespace ropewalk {

bool GenerationStream::Put(absl::string_view text) {
  MutexLock lock(&mutex_);
  piece_.text.append(text.data(), text.size());
  ++piece_.new_tokens;
  Signal();
  return !cancelled_;
}

void GenerationStream::End(absl::string_view text, FinishReason reason) {
  MutexLock lock(&mutex_);
  piece_.text.append(text.data(), text.size());
  piece_.finish = reason;
  Signal();
}

void GenerationStream::Abort(absl::Status error) {
  MutexLock lock(&mutex_);
  error_ = std::move(error);
  Signal();
}

bool GenerationStream::cancelled() const {
  MutexLock lock(&mutex_);
  return cancelled_;
}

absl::StatusOr<std::optional<GenerationStream::Piece>> GenerationStream::Next(
    absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  while (!news_) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return std::nullopt;
    changed_.WaitFor(&mutex_, left);
  }
  if (!error_.ok()) return error_;
  news_ = false;
  Piece piece = piece_;
  piece_.text.clear();
  return piece;
}

void GenerationStream::Cancel() {
  MutexLock lock(&mutex_);
  cancelled_ = true;
}

void GenerationStream::Signal() {
  news_ = true;
  changed_.SignalAll();
}

}  // namespace ropewalk
