#include "worker/train/memory_choice.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// The least count of 0 to `layers` that fits, or `layers`; the counts that fit are the largest.
int64_t FewestThatFit(int64_t layers, absl::FunctionRef<bool(int64_t)> fits) {
  int64_t least = 0, most = layers;
  while (least < most) {
    const int64_t middle = (least + most) / 2;
    fits(middle) ? most = middle : least = middle + 1;
  }
  return most;
}

int64_t LayersOf(const MemoryWish& wish, std::optional<int64_t> at_hand,
                 absl::FunctionRef<MemoryPlan(int64_t)> plan_of) {
  if (wish.checkpointing.has_value()) return *wish.checkpointing ? wish.layers : 0;
  if (!at_hand.has_value()) return 0;
  return FewestThatFit(wish.layers, [&](int64_t layers) {
    return plan_of(layers).bytes() <= *at_hand - *at_hand / 8;
  });
}

absl::Status DoesNotFit(const MemoryWish& wish, int64_t at_hand, const MemoryPlan& plan) {
  const bool may_checkpoint = wish.checkpointing == false;
  return absl::FailedPreconditionError(absl::StrCat(
      "training needs ", Gigabytes(plan.bytes() - plan.mapped_bytes()), " of memory ",
      may_checkpoint ? "without activation checkpointing" : "even with every layer checkpointed",
      ", and ", Gigabytes(at_hand), " are at hand here (", plan.Summary(), "); ",
      may_checkpoint ? "leave out training.activation_checkpointing, or " : "",
      "give a training.micro_batch_tokens of less than ", wish.micro_batch_tokens,
      ", or with method.lora a base_storage of fewer bits, as nf4"));
}

}  // namespace

absl::StatusOr<MemoryChoice> ChooseMemory(const MemoryWish& wish, std::optional<int64_t> at_hand,
                                          absl::FunctionRef<MemoryPlan(int64_t layers)> plan_of) {
  const int64_t layers = LayersOf(wish, at_hand, plan_of);
  MemoryPlan plan = plan_of(layers);
  if (at_hand.has_value() && plan.bytes() - plan.mapped_bytes() > *at_hand) {
    return DoesNotFit(wish, *at_hand, plan);
  }
  return MemoryChoice{layers, std::move(plan)};
}

}  // namespace ropewalk
