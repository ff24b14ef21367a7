#include "coordinator/state/job_history.h"

#include <cassert>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/state/job_state.h"
#include "coordinator/state/time_proto.h"

namespace ropewalk {

void JobHistory::Transition(v1::JobState to, const std::string& message, absl::Time now) {
  assert(MayFollow(job().state(), to));
  v1::Job& job = Change()->job;
  job.set_state(to);
  if (HasEnded(to)) *job.mutable_end_time() = ToProto(now);
  Add(v1::JobEvent::STATE_CHANGED, absl::StrCat(JobStateName(to), ": ", message), now);
}

void JobHistory::Add(v1::JobEvent event, absl::Time now) {
  event.set_sequence(++Change()->last_event);
  *event.mutable_time() = ToProto(now);
  event.set_generation(job().generation());
  if (event.step() == 0) event.set_step(job().progress().step());
  events_.push_back(std::move(event));
}

void JobHistory::Add(v1::JobEvent::Kind kind, const std::string& message, absl::Time now,
                     const std::string& worker) {
  v1::JobEvent event;
  event.set_kind(kind);
  event.set_message(message);
  event.set_worker(worker);
  Add(std::move(event), now);
}

std::optional<JobChange> JobHistory::TakeChange(absl::Duration progress_period, absl::Time now) {
  if (!changed_ && !(progressed_ && now >= written_ + progress_period)) return std::nullopt;
  changed_ = false;
  progressed_ = false;
  written_ = now;
  ++record_.version;
  return JobChange{record_, std::exchange(events_, {})};
}

}  // namespace ropewalk
