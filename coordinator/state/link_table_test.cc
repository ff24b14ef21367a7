#include "coordinator/state/link_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

v1::Member Worker(const std::string& name, const std::string& incarnation = "1") {
  v1::Member member;
  member.set_worker("workers/" + name);
  member.set_incarnation(incarnation);
  member.set_ring_address(name + ":7090");
  return member;
}

v1::Link LinkTo(const v1::Member& peer, double bytes_per_second) {
  v1::Link link;
  link.set_worker(peer.worker());
  link.set_incarnation(peer.incarnation());
  link.set_address(peer.ring_address());
  link.set_round_trip_seconds(0.001);
  link.set_bytes_per_second(bytes_per_second);
  return link;
}

class LinkTableTest : public testing::Test {
 protected:
  // Who is asked to measure the way to whom: "a>b".
  std::set<std::string> Asked() const {
    std::set<std::string> asked;
    for (const v1::Member& member : present_) {
      if (const auto link = table_.ToMeasure(member.worker())) {
        asked.insert(member.worker().substr(8) + ">" + link->peer().worker().substr(8));
      }
    }
    return asked;
  }
  void Plan() { table_.Plan(present_, now_); }

  // Whoever is asked to measure does, until nobody is.
  int MeasureAll(double bytes_per_second) {
    int measured = 0;
    for (Plan(); !Asked().empty(); Plan()) {
      for (const v1::Member& member : present_) {
        const auto link = table_.ToMeasure(member.worker());
        if (!link) continue;
        table_.Take(member, LinkTo(link->peer(), bytes_per_second), now_);
        ++measured;
      }
    }
    return measured;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::vector<v1::Member> present_;
  LinkTable table_;
};

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

// Nobody can dial c.
class HiddenWorkerTest : public LinkTableTest {
 protected:
  HiddenWorkerTest() {
    present_ = {Worker("a"), Worker("b"), Worker("c")};
    MeasureAllButC();
  }

  void MeasureAllButC() {
    for (Plan(); !Asked().empty(); Plan()) {
      for (const v1::Member& member : present_) {
        const auto link = table_.ToMeasure(member.worker());
        if (!link) continue;
        v1::Link found = LinkTo(link->peer(), member.worker() == "workers/c" ? 2e8 : 1e8);
        if (found.worker() == "workers/c") {
          found.set_bytes_per_second(0);
          found.mutable_error()->set_message("nobody answers");
        }
        table_.Take(member, found, now_);
      }
    }
  }
};

TEST_F(HiddenWorkerTest, MayHaveBeenUnreachableByChance) {
  EXPECT_EQ(table_.RelayOf("workers/c"), nullptr);
  now_ += absl::Seconds(10);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>c"));
  EXPECT_EQ(MeasureAll(1e8), 2);
  EXPECT_EQ(table_.RelayOf("workers/c"), nullptr);
}

// Nor when it is tried again.
class HiddenForGoodTest : public HiddenWorkerTest {
 protected:
  HiddenForGoodTest() {
    now_ += absl::Seconds(10);
    MeasureAllButC();
  }
};

TEST_F(HiddenForGoodTest, IsReachedThroughOneThatAllCanDial) {
  ASSERT_NE(table_.RelayOf("workers/c"), nullptr);
  EXPECT_EQ(table_.RelayOf("workers/c")->worker(), "workers/a");
  EXPECT_EQ(table_.RelayOf("workers/a"), nullptr);
  EXPECT_EQ(table_.RelayOf("workers/b"), nullptr);
}

TEST_F(HiddenForGoodTest, IsMeasuredAgainAtAnAddressOfItsRelay) {
  present_[2].add_more_ring_addresses("a:5000");
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>c"));
  EXPECT_EQ(MeasureAll(1e8), 2);
  EXPECT_EQ(table_.RelayOf("workers/c")->worker(), "workers/a");  // stays
}

TEST_F(HiddenForGoodTest, GetsAnotherRelayWhenItsOwnHasGone) {
  present_.erase(present_.begin());
  Plan();
  ASSERT_NE(table_.RelayOf("workers/c"), nullptr);
  EXPECT_EQ(table_.RelayOf("workers/c")->worker(), "workers/b");
}

TEST_F(HiddenForGoodTest, NeedsNoRelayOnceItsNewProcessCanBeDialled) {
  present_[2] = Worker("c", "2");
  MeasureAll(1e8);
  EXPECT_EQ(table_.RelayOf("workers/c"), nullptr);
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
