#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "worker/ring/chunk.h"

namespace ropewalk {

// Where chunks from the predecessor wait for the thread that reduces, and where it learns that the
// ring is broken. Thread-safe.
class Inbox {
 public:
  // The most bytes that healthy peers let wait are a window a rank; this is far beyond.
  static constexpr int64_t kCapacityBytes = 64 << 20;

  // The predecessor is there. `resume` is called from Pop when there is room again after Push said
  // that there is none.
  void Open(std::function<void()> resume);

  // Waits for Open. DEADLINE_EXCEEDED, or what Fail or End was given.
  absl::Status WaitUntilOpen(absl::Duration timeout);

  // False: it is full; take no more in until `resume` is called.
  bool Push(Chunk chunk);

  // No more will be pushed; Pop says `why` after the last chunk.
  void End(const absl::Status& why);

  // Pop says `why` from now on. The first failure stays.
  void Fail(const absl::Status& why);

  // What Fail, else End was given; OK before.
  absl::Status status() const;

  // Waits for news, but no longer than `timeout`.
  void WaitForNews(absl::Duration timeout);

  // Whether Pop has something to say at once.
  bool has_news() const;

  // The oldest chunk. DEADLINE_EXCEEDED: none came.
  absl::StatusOr<Chunk> Pop(absl::Duration timeout);

 private:
  bool WaitLocked(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status OutcomeLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MustResumeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  std::function<void()> resume_ ABSL_GUARDED_BY(mutex_);
  std::deque<Chunk> chunks_ ABSL_GUARDED_BY(mutex_);
  int64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool paused_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
