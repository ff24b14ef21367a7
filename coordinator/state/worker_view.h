#pragma once

#include <string>
#include <vector>

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

// A ring as it is best by what is known now.
struct RingPlan {
  // The first stays the first, the others are in another order if that is notably better; with the
  // addresses that they have now.
  std::vector<v1::Member> members;
  int stripes = 1;  // connections a hop
};

// The best ring of members that have one already.
using BestRing = absl::FunctionRef<RingPlan(const std::vector<v1::Member>&)>;

}  // namespace ropewalk
