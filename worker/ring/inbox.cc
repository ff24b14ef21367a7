#include "worker/ring/inbox.h"

#include <utility>

#include "absl/time/clock.h"

namespace ropewalk {

void Inbox::Open(std::function<void()> resume) {
  MutexLock lock(&mutex_);
  resume_ = std::move(resume);
  changed_.SignalAll();
}

absl::Status Inbox::status() const {
  MutexLock lock(&mutex_);
  return OutcomeLocked();
}

absl::Status Inbox::OutcomeLocked() const { return failure_.ok() ? end_ : failure_; }

bool Inbox::has_news() const {
  MutexLock lock(&mutex_);
  return !chunks_.empty() || !OutcomeLocked().ok();
}

void Inbox::WaitForNews(absl::Duration timeout) {
  MutexLock lock(&mutex_);
  changed_.WaitFor(&mutex_, timeout);
}

// False if the deadline has passed.
bool Inbox::WaitLocked(absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  if (left <= absl::ZeroDuration()) return false;
  changed_.WaitFor(&mutex_, left);
  return true;
}

absl::Status Inbox::WaitUntilOpen(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  while (resume_ == nullptr && OutcomeLocked().ok()) {
    if (!WaitLocked(deadline)) return absl::DeadlineExceededError("the predecessor did not come");
  }
  return OutcomeLocked();
}

bool Inbox::Push(Chunk chunk) {
  MutexLock lock(&mutex_);
  bytes_ += chunk.payload.size();
  chunks_.push_back(std::move(chunk));
  changed_.SignalAll();
  paused_ = bytes_ >= kCapacityBytes;
  return !paused_;
}

void Inbox::End(const absl::Status& why) {
  MutexLock lock(&mutex_);
  if (end_.ok()) end_ = why;
  changed_.SignalAll();
}

void Inbox::Fail(const absl::Status& why) {
  MutexLock lock(&mutex_);
  if (failure_.ok()) failure_ = why;
  chunks_.clear();
  changed_.SignalAll();
}

// Half empty: resuming costs more than a chunk.
bool Inbox::MustResumeLocked() {
  if (!paused_ || bytes_ > kCapacityBytes / 2) return false;
  paused_ = false;
  return true;
}

absl::StatusOr<Chunk> Inbox::Pop(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  Chunk chunk;
  std::function<void()> resume;
  {
    MutexLock lock(&mutex_);
    while (failure_.ok() && chunks_.empty() && end_.ok()) {
      if (!WaitLocked(deadline)) return absl::DeadlineExceededError("no chunk came");
    }
    if (!failure_.ok() || chunks_.empty()) return OutcomeLocked();
    chunk = std::move(chunks_.front());
    chunks_.pop_front();
    bytes_ -= chunk.payload.size();
    if (MustResumeLocked()) resume = resume_;
  }
  if (resume != nullptr) resume();
  return chunk;
}

}  // namespace ropewalk
