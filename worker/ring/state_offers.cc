#include "worker/ring/state_offers.h"

#include <xxhash.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kKept = 2;

}  // namespace

void StateOffers::Add(const std::string& job, int64_t step,
                      std::shared_ptr<const std::string> state) {
  const uint64_t digest = XXH64(state->data(), state->size(), 0);
  MutexLock lock(&mutex_);
  offers_.push_front({job, step, std::move(state), digest});
  if (offers_.size() > kKept) offers_.pop_back();
}

void StateOffers::Clear() {
  MutexLock lock(&mutex_);
  offers_.clear();
}

absl::StatusOr<StateOffers::Offer> StateOffers::Find(const std::string& job, int64_t step) const {
  MutexLock lock(&mutex_);
  bool knows_job = false;
  for (const Offer& offer : offers_) {
    if (offer.job != job) continue;
    knows_job = true;
    if (offer.step == step) return offer;
  }
  if (!knows_job) return absl::AbortedError(absl::StrCat("this worker offers no state of ", job));
  return absl::NotFoundError(
      absl::StrCat("this worker offers no state of ", job, " after step ", step));
}

}  // namespace ropewalk
