#include "worker/train/early_reduction.h"

#include <algorithm>
#include <utility>

namespace ropewalk {
namespace {

// How long a thread sleeps before it looks by itself.
constexpr absl::Duration kNap = absl::Seconds(1);

}  // namespace

EarlyReduction::EarlyReduction(int64_t step, absl::Span<int32_t> sums, int64_t part,
                               std::shared_ptr<const void> owner, GradientReducer* reducer)
    : step_(step),
      sums_(sums),
      part_(part),
      owner_(std::move(owner)),
      reducer_(reducer),
      ready_(sums.size()),
      ready_for_thread_(ready_),
      thread_([this] { ReduceParts(); }) {}

EarlyReduction::~EarlyReduction() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

void EarlyReduction::Complete(int64_t first) {
  const int64_t whole = (first + part_ - 1) / part_ * part_;
  if (whole >= ready_) return;
  // Before the reducer may change them.
  checksum_ += ChecksumOf(sums_.subspan(whole, ready_ - whole), whole);
  ready_ = whole;
  MutexLock lock(&mutex_);
  ready_for_thread_ = whole;
  changed_.SignalAll();
}

absl::Status EarlyReduction::Finish() {
  thread_.join();
  owner_ = nullptr;
  return status_;
}

void EarlyReduction::ReduceParts() {
  int64_t end = sums_.size();
  while (end > 0 && status_.ok()) {
    const int64_t first = (end - 1) / part_ * part_;
    if (!WaitForPart(first)) return;
    Contribution contribution;
    contribution.sums = sums_.subspan(first, end - first);
    contribution.owner = owner_;
    status_ = reducer_->AllReduce(step_, contribution);
    end = first;
  }
}

// False: no more parts are to be begun.
bool EarlyReduction::WaitForPart(int64_t first) {
  MutexLock lock(&mutex_);
  while (ready_for_thread_ > first && !stopped_) changed_.WaitFor(&mutex_, kNap);
  return !stopped_;
}

}  // namespace ropewalk
