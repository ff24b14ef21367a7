#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Whether a member can be reckoned with.
enum class Presence {
  kHere,
  kSilent,    // attached, but has not reported for a while
  kAway,      // its stream broke a moment ago; it may come back
  kGone,      // its stream broke longer ago; out, unless all its fellows are gone too
  kExpected,  // not seen since the coordinator started; it may come back
  kLost,      // out: too long silent or away, or another process now has its name
};

// What a job must know of one of its workers.
struct WorkerView {
  Presence presence = Presence::kLost;
  std::string trouble;  // why it is not here, for people
  bool draining = false;
  double tokens_per_second = 0;  // measured in this job; 0 while unknown
};

// Looks a member up by name and incarnation.
using WorkerViews = absl::FunctionRef<WorkerView(const v1::Member&)>;

}  // namespace ropewalk
