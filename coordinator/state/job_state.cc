#include "coordinator/state/job_state.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/strip.h"

namespace ropewalk {
namespace {

struct Transition {
  v1::JobState from;
  v1::JobState to;
};

constexpr Transition kTransitions[] = {
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_PREPARING},
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_PAUSED},
    {v1::JOB_STATE_QUEUED, v1::JOB_STATE_CANCELLED},
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_RUNNING},
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_QUEUED},
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_PAUSED},
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_CANCELLED},
    {v1::JOB_STATE_PREPARING, v1::JOB_STATE_FAILED},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_RECOVERING},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_QUEUED},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_PAUSED},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_CANCELLING},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_SUCCEEDED},
    {v1::JOB_STATE_RUNNING, v1::JOB_STATE_FAILED},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_RUNNING},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_QUEUED},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_PAUSED},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_CANCELLING},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_CANCELLED},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_SUCCEEDED},
    {v1::JOB_STATE_RECOVERING, v1::JOB_STATE_FAILED},
    {v1::JOB_STATE_PAUSED, v1::JOB_STATE_QUEUED},
    {v1::JOB_STATE_PAUSED, v1::JOB_STATE_CANCELLED},
    {v1::JOB_STATE_CANCELLING, v1::JOB_STATE_CANCELLED},
    {v1::JOB_STATE_CANCELLING, v1::JOB_STATE_SUCCEEDED},
};

}  // namespace

bool MayFollow(v1::JobState from, v1::JobState to) {
  return std::any_of(std::begin(kTransitions), std::end(kTransitions),
                     [=](const Transition& t) { return t.from == from && t.to == to; });
}

bool HasEnded(v1::JobState state) {
  return state == v1::JOB_STATE_SUCCEEDED || state == v1::JOB_STATE_FAILED ||
         state == v1::JOB_STATE_CANCELLED;
}

absl::string_view JobStateName(v1::JobState state) {
  return absl::StripPrefix(v1::JobState_Name(state), "JOB_STATE_");
}

}  // namespace ropewalk
