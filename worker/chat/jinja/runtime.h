#pragma once

#include "absl/time/time.h"
#include "worker/chat/jinja/budget.h"
#include "worker/chat/jinja/heap.h"

namespace ropewalk::jinja {

// What natives may use of the rendering that calls them.
struct Runtime {
  Runtime(const Limits& limits, absl::Time time) : budget(limits), heap(&budget), now(time) {}

  Budget budget;
  Heap heap;
  const absl::Time now;  // for strftime_now
};

}  // namespace ropewalk::jinja
