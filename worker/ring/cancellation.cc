#include "worker/ring/cancellation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace ropewalk {

// Listeners are called under the lock: so none runs once its destructor has returned.
void RingCancellation::Cancel(absl::string_view reason) {
  MutexLock lock(&mutex_);
  if (!status_.ok()) return;
  status_ = absl::CancelledError(absl::StrCat("cancelled: ", reason));
  for (const auto& [id, stop] : listeners_) stop(status_);
  changed_.SignalAll();
}

absl::Status RingCancellation::status() const {
  MutexLock lock(&mutex_);
  return status_;
}

absl::Status RingCancellation::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  while (status_.ok() && absl::Now() < deadline) {
    changed_.WaitFor(&mutex_, deadline - absl::Now());
  }
  return status_;
}

RingCancellation::Listener::Listener(RingCancellation* cancellation,
                                     std::function<void(const absl::Status&)> stop)
    : cancellation_(cancellation) {
  if (cancellation_ == nullptr) return;
  MutexLock lock(&cancellation_->mutex_);
  if (!cancellation_->status_.ok()) stop(cancellation_->status_);
  id_ = ++cancellation_->last_id_;
  cancellation_->listeners_[id_] = std::move(stop);
}

RingCancellation::Listener::~Listener() {
  if (cancellation_ == nullptr) return;
  MutexLock lock(&cancellation_->mutex_);
  cancellation_->listeners_.erase(id_);
}

}  // namespace ropewalk
