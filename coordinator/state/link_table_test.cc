#include "coordinator/state/link_table_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

using LinkTableTest = LinkTableFixture;

TEST_F(LinkTableTest, AsksNobodyToMeasureAlone) {
  present_ = {Worker("a")};
  Plan();
  EXPECT_THAT(Asked(), ElementsAre());
}

TEST_F(LinkTableTest, MeasuresEveryWayOnceInPairsThatHaveNobodyInCommon) {
  present_ = {Worker("a"), Worker("b"), Worker("c"), Worker("d")};
  Plan();
  EXPECT_THAT(Asked(), UnorderedElementsAre("a>b", "c>d"));
  EXPECT_EQ(MeasureAll(1e8), 12);
}

TEST_F(LinkTableTest, AsksAgainWithTheSameIdUntilItIsMeasured) {
  present_ = {Worker("a"), Worker("b")};
  Plan();
  const int64_t id = table_.ToMeasure("workers/a")->id();
  Plan();
  EXPECT_EQ(table_.ToMeasure("workers/a")->id(), id);
  table_.Take(present_[0], LinkTo(present_[1], 1e8), now_);
  Plan();
  EXPECT_GT(table_.ToMeasure("workers/b")->id(), id);
}

TEST_F(LinkTableTest, MeasuresTheWaysOfANewProcessOnly) {
  present_ = {Worker("a"), Worker("b"), Worker("c")};
  MeasureAll(1e8);
  present_[2] = Worker("c", "2");
  EXPECT_EQ(table_.Find(present_[0], present_[2]), nullptr);
  EXPECT_EQ(MeasureAll(1e8), 4);
}

TEST_F(LinkTableTest, GivesUpWhatConcernsAWorkerThatHasGone) {
  present_ = {Worker("a"), Worker("b"), Worker("c")};
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>b"));
  present_.erase(present_.begin() + 1);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>c"));
}

TEST_F(LinkTableTest, GivesUpAMeasurementThatDoesNotEndAndTriesItLater) {
  present_ = {Worker("a"), Worker("b")};
  Plan();
  now_ += absl::Minutes(2);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("b>a"));
  EXPECT_TRUE(table_.Find(present_[0], present_[1])->has_error());
  table_.Take(present_[1], LinkTo(present_[0], 1e8), now_);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre());
  now_ += absl::Seconds(10);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>b"));
}

TEST_F(LinkTableTest, MeasuresAnewAWayWhoseAddressIsGivenUp) {
  present_ = {Worker("a"), Worker("b")};
  present_[1].add_more_ring_addresses("relay:5000");
  MeasureAll(1e8);
  v1::Link relayed = LinkTo(present_[1], 1e8);
  relayed.set_address("relay:5000");
  table_.Take(present_[0], relayed, now_);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre());
  present_[1].set_more_ring_addresses(0, "relay:6000");
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>b"));
}

TEST_F(LinkTableTest, CountsAHopAsTheTimeOfAMebibyte) {
  present_ = {Worker("a"), Worker("b"), Worker("c")};
  table_.Take(present_[0], LinkTo(present_[1], 1 << 20), now_);
  table_.Take(present_[0], LinkTo(present_[2], 1e12), now_);
  v1::Link broken = LinkTo(present_[2], 0);
  broken.mutable_error()->set_message("nobody answers");
  table_.Take(present_[1], broken, now_);
  const HopCosts costs = table_.CostsAmong(present_);
  EXPECT_NEAR(costs[0][1], 1.0005, 1e-9);
  EXPECT_DOUBLE_EQ(costs[0][2], 1e-3);  // too fast to matter
  EXPECT_GT(costs[1][2], 1e3);
  EXPECT_EQ(costs[2][0], costs[0][1]);  // not measured: the median of what is
}

}  // namespace
}  // namespace ropewalk
