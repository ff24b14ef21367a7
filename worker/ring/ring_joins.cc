#include "worker/ring/ring_joins.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/ring/inbox.h"
#include "worker/ring/incoming_stream.h"

namespace ropewalk {

namespace {

RingJoins::Source SourceOf(const IncomingStream& stream) {
  return {stream.open().from_rank(), stream.open().stripe()};
}

}  // namespace

absl::Status RingJoins::Join(const RingSeat& seat, const Inboxes& inboxes) {
  Streams arrived;
  {
    MutexLock lock(&mutex_);
    if (seat_.has_value()) {
      return absl::FailedPreconditionError(
          absl::StrCat("this worker sits in generation ", seat_->generation, " of ", seat_->job,
                       " still; it must leave that ring before it joins another"));
    }
    seat_ = seat;
    for (const auto& [source, inbox] : inboxes) hops_[source] = {inbox, nullptr};
    arrived.swap(kept_);
  }
  for (const std::shared_ptr<IncomingStream>& stream : arrived) Arrive(stream);
  return absl::OkStatus();
}

void RingJoins::Leave(const Inbox* inbox, const absl::Status& why) {
  std::shared_ptr<IncomingStream> stream;
  {
    MutexLock lock(&mutex_);
    const auto hop = std::find_if(hops_.begin(), hops_.end(), [inbox](const auto& one) {
      return one.second.inbox.get() == inbox;
    });
    if (hop == hops_.end()) return;
    stream = std::move(hop->second.stream);
    hops_.erase(hop);
    if (hops_.empty()) left_ = std::exchange(seat_, std::nullopt);
  }
  if (stream != nullptr) stream->Leave(why);
}

absl::StatusOr<Admission> RingJoins::AdmitLocked(const IncomingStream& stream) const {
  absl::StatusOr<Admission> admission = Admit(stream.open(), seat_, left_);
  if (!admission.ok() || *admission != Admission::kNow) return admission;
  const auto hop = hops_.find(SourceOf(stream));
  if (hop == hops_.end()) return absl::AbortedError("this rank is leaving the ring");
  if (hop->second.stream != nullptr) {
    return absl::AbortedError(
        absl::StrCat("this rank hears rank ", stream.open().from_rank(), " already"));
  }
  return admission;
}

void RingJoins::Arrive(const std::shared_ptr<IncomingStream>& stream) {
  std::shared_ptr<Inbox> inbox;
  absl::StatusOr<Admission> admission;
  {
    MutexLock lock(&mutex_);
    admission = AdmitLocked(*stream);
    if (admission.ok() && *admission == Admission::kLater) kept_.push_back(stream);
    if (admission.ok() && *admission == Admission::kNow) {
      Hop& hop = hops_[SourceOf(*stream)];
      hop.stream = stream;
      inbox = hop.inbox;
    }
  }
  if (!admission.ok()) stream->Leave(admission.status());
  if (inbox != nullptr && !stream->Feed(std::move(inbox))) Lose(stream);
}

// It ended before it was of use, so another may come.
void RingJoins::Lose(const std::shared_ptr<IncomingStream>& stream) {
  MutexLock lock(&mutex_);
  const auto hop = hops_.find(SourceOf(*stream));
  if (hop != hops_.end() && hop->second.stream == stream) hop->second.stream = nullptr;
}

bool RingJoins::Forget(const IncomingStream* stream) {
  MutexLock lock(&mutex_);
  const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                 [stream](const auto& one) { return one.get() == stream; });
  if (kept == kept_.end()) return false;
  kept_.erase(kept);
  return true;
}

}  // namespace ropewalk
