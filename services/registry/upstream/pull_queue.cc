#include "services/registry/upstream/pull_queue.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/threads.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kLongestWait = absl::Minutes(1);

absl::Duration Now() { return Clock::Real()->Monotonic(); }

absl::Status Ending() { return absl::AbortedError("the registry is ending; ask again"); }

absl::Status Busy() {
  return absl::AbortedError("too much is being pulled from upstream just now; ask again");
}

absl::Status GoesOn(const UpstreamTarget& target, const PullProgress& progress) {
  const int64_t total = progress.total_bytes;
  const std::string so_far =
      total == 0 ? "" : absl::StrCat(", ", progress.bytes.load(), " of ", total, " bytes so far");
  return absl::AbortedError(
      absl::StrCat(target.ToString(), " is being pulled from upstream", so_far, "; ask again"));
}

}  // namespace

PullQueue::PullQueue(const PullLimits& limits, Work work)
    : limits_(limits), work_(std::move(work)) {
  for (int i = 0; i < limits_.pulls; ++i) threads_.emplace_back([this] { Run(); });
}

PullQueue::~PullQueue() { Stop(); }

void PullQueue::Stop() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

PullQueue::Outcome PullQueue::Await(const UpstreamTarget& target, absl::Duration patience,
                                    bool only_begin) {
  MutexLock lock(&mutex_);
  if (waiting_ >= limits_.waiting) return Busy();
  ++waiting_;
  Outcome outcome = Wait(target, Now() + patience, only_begin);
  --waiting_;
  return outcome;
}

PullQueue::Outcome PullQueue::Wait(const UpstreamTarget& target, absl::Duration deadline,
                                   bool only_begin) {
  std::shared_ptr<Pull> mine;
  while (!stop_) {
    if (mine != nullptr && mine->done) return mine->outcome;
    const auto other = pulls_.find(target.repository());
    if (mine == nullptr) {
      if (other == pulls_.end()) {
        if (static_cast<int>(pulls_.size()) >= limits_.pulls) return Busy();
        mine = Begin(target);
      } else if (only_begin) {
        return GoesOn(other->second->target, other->second->progress);
      } else if (other->second->target.revision == target.revision) {
        mine = other->second;
      }
    }
    const absl::Duration left = deadline - Now();
    if (left <= absl::ZeroDuration()) {
      const Pull& pull = mine != nullptr ? *mine : *other->second;
      return GoesOn(pull.target, pull.progress);
    }
    changed_.WaitFor(&mutex_, std::min(left, kLongestWait));
  }
  return Ending();
}

std::shared_ptr<PullQueue::Pull> PullQueue::Begin(const UpstreamTarget& target) {
  auto pull = std::make_shared<Pull>();
  pull->target = target;
  pulls_[target.repository()] = pull;
  queue_.push_back(pull);
  changed_.SignalAll();
  return pull;
}

void PullQueue::Run() {
  SetThreadName("upstream");
  const PeriodicTask::Pause pause = [this](absl::Duration duration) { return Pause(duration); };
  while (const std::shared_ptr<Pull> pull = Take()) {
    Finish(pull, work_(pull->target, pause, &pull->progress));
  }
}

// Null at the end.
std::shared_ptr<PullQueue::Pull> PullQueue::Take() {
  MutexLock lock(&mutex_);
  while (!stop_ && queue_.empty()) changed_.WaitFor(&mutex_, kLongestWait);
  if (stop_) return nullptr;
  const std::shared_ptr<Pull> pull = queue_.front();
  queue_.pop_front();
  return pull;
}

void PullQueue::Finish(const std::shared_ptr<Pull>& pull, Outcome outcome) {
  MutexLock lock(&mutex_);
  pull->outcome = std::move(outcome);
  pull->done = true;
  pulls_.erase(pull->target.repository());
  changed_.SignalAll();
}

bool PullQueue::Pause(absl::Duration duration) {
  const absl::Duration end = Now() + duration;
  MutexLock lock(&mutex_);
  while (!stop_ && Now() < end) changed_.WaitFor(&mutex_, std::min(end - Now(), kLongestWait));
  return !stop_;
}

}  // namespace ropewalk
