#include "services/registry/upstream/pull_memory.h"

#include <algorithm>

namespace ropewalk {
namespace {

constexpr absl::Duration kErrorsFor = absl::Seconds(10);
constexpr size_t kMostKnown = 10'000;

}  // namespace

std::optional<PullMemory::Answer> PullMemory::Recall(const UpstreamTarget& target) {
  MutexLock lock(&mutex_);
  const auto known = known_.find(target.ToString());
  if (known == known_.end() || clock_->Monotonic() >= known->second.until) return std::nullopt;
  return known->second.answer;
}

void PullMemory::Remember(const UpstreamTarget& target, const Answer& answer) {
  const absl::Duration life = answer.ok() ? fresh_for_ : std::min(kErrorsFor, fresh_for_);
  MutexLock lock(&mutex_);
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(target.ToString(), Known{answer, clock_->Monotonic() + life});
}

}  // namespace ropewalk
