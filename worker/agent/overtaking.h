#pragma once

#include <optional>

#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Whether the work on an assignment may go on now that the coordinator wants something else.
enum class Overtaking {
  kNot,         // it is what is wanted
  kAtBoundary,  // finish the step in flight if the ring lets us, then turn to what is wanted
  kAtOnce,      // nothing that comes of it can be of use: a member is gone, or the job is
};

// Pure. `wanted` is absent when the worker should have no assignment.
Overtaking HowOvertaken(const v1::Assignment& running, const std::optional<v1::Assignment>& wanted);

}  // namespace ropewalk
