#include "coordinator/scheduler/placement_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

PlacementInput::Worker Idle(const std::string& name) { return {name, "1", false, true}; }
PlacementInput::Worker Busy(const std::string& name) { return {name, "1", false, false}; }

PlacementInput::WaitingJob Waiting(const std::string& name, int min, int max, int priority = 0) {
  return {name, priority, min, max, false};
}

PlacementInput::GrowingJob Growing(const std::string& name, int room, int priority = 0) {
  return {name, priority, room, "1", false, {}};
}

auto Gives(const std::string& job, const std::vector<std::string>& workers) {
  return AllOf(Field(&Placement::job, job), Field(&Placement::workers, workers));
}

PlacementInput FourIdle() {
  PlacementInput input;
  input.workers = {Idle("a"), Idle("b"), Idle("c"), Idle("d")};
  return input;
}

TEST(PlacementPolicy, GivesAJobUpToItsMaximum) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("j", 1, 3)};
  EXPECT_THAT(Place(input), ElementsAre(Gives("j", {"a", "b", "c"})));
}

TEST(PlacementPolicy, DoesNotStartAJobBelowItsMinimum) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("j", 5, 8)};
  EXPECT_THAT(Place(input), IsEmpty());
}

TEST(PlacementPolicy, StartsSeveralJobsOnDisjointWorkersOldestFirst) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("old", 2, 8), Waiting("young", 1, 8)};
  EXPECT_THAT(Place(input), ElementsAre(Gives("old", {"a", "b", "d"}), Gives("young", {"c"})));
}

TEST(PlacementPolicy, LooksAtHigherPrioritiesFirst) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("old", 3, 3), Waiting("urgent", 3, 3, 10)};
  EXPECT_THAT(Place(input), ElementsAre(Gives("urgent", {"a", "b", "c"})));
}

TEST(PlacementPolicy, HoldsIdleWorkersForAWideJobThatOthersKeepWaiting) {
  PlacementInput input;
  input.workers = {Idle("a"), Busy("b")};
  input.waiting = {Waiting("wide", 2, 2), Waiting("narrow", 1, 1)};
  input.growing = {Growing("running", 4)};
  EXPECT_THAT(Place(input), IsEmpty());
}

TEST(PlacementPolicy, LetsOthersOvertakeAJobForWhichThereAreNotEnoughMachines) {
  PlacementInput input;
  input.workers = {Idle("a"), Busy("b")};
  input.waiting = {Waiting("wide", 3, 3), Waiting("narrow", 1, 1)};
  EXPECT_THAT(Place(input), ElementsAre(Gives("narrow", {"a"})));
}

TEST(PlacementPolicy, GrowsRunningJobsWithWhatIsLeft) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("j", 1, 1)};
  input.growing = {Growing("old", 1), Growing("urgent", 1, 5)};
  EXPECT_THAT(Place(input),
              ElementsAre(Gives("j", {"a"}), Gives("urgent", {"b"}), Gives("old", {"c"})));
}

TEST(PlacementPolicy, DoesNotGrowAFullJob) {
  PlacementInput input = FourIdle();
  input.growing = {Growing("full", 0), Growing("overfull", -1)};
  EXPECT_THAT(Place(input), IsEmpty());
}

TEST(PlacementPolicy, DoesNotOfferARefusedWorkerAgain) {
  PlacementInput input = FourIdle();
  input.growing = {Growing("j", 2)};
  input.growing[0].refused = {"a", "c"};
  EXPECT_THAT(Place(input), ElementsAre(Gives("j", {"b", "d"})));
}

TEST(PlacementPolicy, GivesBf16JobsOnlyWorkersThatHaveIt) {
  PlacementInput input = FourIdle();
  input.workers[1].bf16 = true;
  input.workers[3].bf16 = true;
  input.waiting = {Waiting("j", 1, 4)};
  input.waiting[0].bf16 = true;
  EXPECT_THAT(Place(input), ElementsAre(Gives("j", {"b", "d"})));
}

TEST(PlacementPolicy, HoldsOnlyWorkersThatTheJobCouldUse) {
  PlacementInput input;
  input.workers = {Idle("a"), Idle("b"), Busy("c")};
  input.workers[1].bf16 = input.workers[2].bf16 = true;
  input.waiting = {Waiting("wide", 2, 2), Waiting("narrow", 1, 1)};
  input.waiting[0].bf16 = true;
  EXPECT_THAT(Place(input), ElementsAre(Gives("narrow", {"a"})));
}

TEST(PlacementPolicy, NeverMixesVersionsInAJob) {
  PlacementInput input = FourIdle();
  input.workers[0].version = "2";
  input.waiting = {Waiting("j", 1, 4)};
  input.growing = {Growing("grows", 4)};
  input.growing[0].version = "2";
  EXPECT_THAT(Place(input), ElementsAre(Gives("j", {"b", "c", "d"}), Gives("grows", {"a"})));
}

TEST(PlacementPolicy, GivesTheSameAnswerToTheSameInput) {
  PlacementInput input = FourIdle();
  input.waiting = {Waiting("x", 1, 2), Waiting("y", 1, 2)};
  const std::vector<Placement> first = Place(input);
  const std::vector<Placement> second = Place(input);
  ASSERT_THAT(first, SizeIs(2));
  for (size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].workers, second[i].workers);
}

}  // namespace
}  // namespace ropewalk
