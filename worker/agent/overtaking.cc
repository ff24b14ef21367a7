#include "worker/agent/overtaking.h"

#include <algorithm>

namespace ropewalk {
namespace {

bool IsAmong(const v1::Member& member, const v1::Assignment& assignment) {
  return std::any_of(
      assignment.members().begin(), assignment.members().end(), [&](const v1::Member& other) {
        return other.worker() == member.worker() && other.incarnation() == member.incarnation();
      });
}

bool AllStillIn(const v1::Assignment& before, const v1::Assignment& after) {
  return std::all_of(before.members().begin(), before.members().end(),
                     [&](const v1::Member& member) { return IsAmong(member, after); });
}

}  // namespace

Overtaking HowOvertaken(const v1::Assignment& running,
                        const std::optional<v1::Assignment>& wanted) {
  if (!wanted.has_value() || wanted->job() != running.job()) return Overtaking::kAtOnce;
  if (wanted->generation() == running.generation()) {
    return wanted->goal() == running.goal() ? Overtaking::kNot : Overtaking::kAtBoundary;
  }
  // A worker that is drained out of the ring still finishes the step with the others.
  return AllStillIn(running, *wanted) || wanted->members().empty() ? Overtaking::kAtBoundary
                                                                   : Overtaking::kAtOnce;
}

}  // namespace ropewalk
