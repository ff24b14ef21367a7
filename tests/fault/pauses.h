#pragma once

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "ropewalk/v1/job_service.pb.h"
#include "tests/fault/chaos_plan.h"

namespace ropewalk {

// A fault, from when it was given until it was undone.
struct GivenFault {
  Fault fault;
  absl::Time given;
  absl::Time undone = absl::InfiniteFuture();
};

// A time in which a job finished no step.
struct Pause {
  absl::Time end;
  absl::Duration length;
  // An event since the pause before says which worker or hop was the cause.
  bool explained = false;
  // Since the last fault that befell the job in it, or since a coordinator was there again.
  absl::Duration wait;
  // A process hung meanwhile, which others can only learn by waiting.
  bool hung = false;
};

// The pauses that a job's events tell of, in their order. Pure.
std::vector<Pause> PausesOf(absl::Span<const v1::JobEvent> events,
                            absl::Span<const GivenFault> faults);

}  // namespace ropewalk
