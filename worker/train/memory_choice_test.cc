#include "worker/train/memory_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kLayers = 10;

// 200 bytes mapped, 100 for each layer, and 10 for each that is checkpointed.
MemoryPlan PlanOf(int64_t checkpointed) {
  MemoryPlan plan;
  plan.parts = {{"mapped weights", {}, /*mapped=*/true}, {"activations", {}}};
  plan.parts[0].arrays.Add("layer", 200);
  plan.parts[1].arrays.Add("layer", 100 * (kLayers - checkpointed) + 10 * checkpointed);
  return plan;
}

absl::StatusOr<MemoryChoice> Choose(std::optional<int64_t> at_hand,
                                    std::optional<bool> wanted = std::nullopt) {
  return ChooseMemory({wanted, kLayers, /*micro_batch_tokens=*/2048}, at_hand, PlanOf);
}

int64_t LayersWith(std::optional<int64_t> at_hand, std::optional<bool> wanted = std::nullopt) {
  const absl::StatusOr<MemoryChoice> choice = Choose(at_hand, wanted);
  EXPECT_TRUE(choice.ok()) << choice.status();
  return choice->checkpointed_layers;
}

std::string Refusal(int64_t at_hand, std::optional<bool> wanted = std::nullopt) {
  const absl::Status status = Choose(at_hand, wanted).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  return std::string(status.message());
}

TEST(MemoryChoice, TakesTheFewestLayersThatFitSevenEighths) {
  EXPECT_EQ(LayersWith(100000), 0);
  for (int64_t layers = 0; layers <= kLayers; ++layers) {
    const int64_t at_hand = (PlanOf(layers).bytes() * 8 + 6) / 7;
    EXPECT_EQ(LayersWith(at_hand), layers);
    if (layers < kLayers) EXPECT_EQ(LayersWith(at_hand - 8), layers + 1);
  }
}

TEST(MemoryChoice, HasThePlanOfItsLayers) {
  const MemoryChoice choice = Choose(800).value();
  EXPECT_EQ(choice.plan.bytes(), PlanOf(choice.checkpointed_layers).bytes());
}

TEST(MemoryChoice, DoesAsTheJobSaysIfThatIsPossibleAtAll) {
  EXPECT_EQ(LayersWith(100000, true), kLayers);
  EXPECT_EQ(LayersWith(1000, false), 0);
  EXPECT_EQ(LayersWith(100, true), kLayers);
}

TEST(MemoryChoice, ChoosesNoLayersWhereNobodyKnowsTheMemory) {
  EXPECT_EQ(LayersWith(std::nullopt), 0);
}

TEST(MemoryChoice, MappedWeightsNeedNotFit) { EXPECT_EQ(LayersWith(100), kLayers); }

TEST(MemoryChoice, SaysWhatIsNeededWhatThereIsAndWhatWouldHelp) {
  const std::string all = Refusal(99);
  EXPECT_THAT(all, HasSubstr("even with every layer checkpointed"));
  EXPECT_THAT(all, HasSubstr("activations 0.00 GB"));
  EXPECT_THAT(all, HasSubstr("micro_batch_tokens of less than 2048"));
  EXPECT_THAT(all, HasSubstr("base_storage"));
  const std::string none = Refusal(999, false);
  EXPECT_THAT(none, HasSubstr("leave out training.activation_checkpointing"));
}

TEST(MemoryPlan, IsPrinted) {
  MemoryPlan plan = PlanOf(0);
  plan.parts[1].arrays.Add("layer", 2000000);
  plan.parts[1].arrays.Add("loss", 30000000);
  EXPECT_EQ(plan.Summary(), "mapped weights 0.00 GB, activations 0.03 GB");
  EXPECT_THAT(plan.Table(), HasSubstr("2 x layer"));
  EXPECT_THAT(plan.Table(), HasSubstr("1 x loss"));
  EXPECT_THAT(plan.Table(), HasSubstr("30.00 MB"));
  EXPECT_THAT(plan.Table(), HasSubstr("total"));
}

}  // namespace
}  // namespace ropewalk
