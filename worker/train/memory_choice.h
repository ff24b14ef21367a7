#pragma once

#include <cstdint>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "worker/train/memory_plan.h"

namespace ropewalk {

// How a job uses this machine's memory. No choice changes a result's bits.
struct MemoryChoice {
  int64_t checkpointed_layers = 0;
  MemoryPlan plan;
};

// What a job says, and what it is about.
struct MemoryWish {
  std::optional<bool> checkpointing;  // of all layers or none; nothing: as memory has it
  int64_t layers = 0;                 // of the model
  int64_t micro_batch_tokens = 0;     // for the message
};

// The fewest checkpointed layers, unless the job says how many, with which the plan fits seven
// eighths of the memory at hand; all if none is enough. The eighth is for what plans leave out.
// Without knowing the memory at hand: none. `plan_of` gives the plan for a number of layers; more
// layers never take more memory.
// FAILED_PRECONDITION: even so the plan, less what is mapped from files, does not fit all of the
// memory at hand; the message says what is needed, what there is, and which settings need less.
absl::StatusOr<MemoryChoice> ChooseMemory(const MemoryWish& wish, std::optional<int64_t> at_hand,
                                          absl::FunctionRef<MemoryPlan(int64_t layers)> plan_of);

}  // namespace ropewalk
