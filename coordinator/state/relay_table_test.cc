#include "coordinator/state/relay_table.h"

#include "coordinator/state/link_table_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

// Nobody can dial c.
class HiddenWorkerTest : public LinkTableFixture {
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
  EXPECT_EQ(relays_.RelayOf("workers/c"), nullptr);
  now_ += absl::Seconds(10);
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>c"));
  EXPECT_EQ(MeasureAll(1e8), 2);
  EXPECT_EQ(relays_.RelayOf("workers/c"), nullptr);
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
  ASSERT_NE(relays_.RelayOf("workers/c"), nullptr);
  EXPECT_EQ(relays_.RelayOf("workers/c")->worker(), "workers/a");
  EXPECT_EQ(relays_.RelayOf("workers/a"), nullptr);
  EXPECT_EQ(relays_.RelayOf("workers/b"), nullptr);
}

TEST_F(HiddenForGoodTest, IsMeasuredAgainAtAnAddressOfItsRelay) {
  present_[2].add_more_ring_addresses("a:5000");
  Plan();
  EXPECT_THAT(Asked(), ElementsAre("a>c"));
  EXPECT_EQ(MeasureAll(1e8), 2);
  EXPECT_EQ(relays_.RelayOf("workers/c")->worker(), "workers/a");  // stays
}

TEST_F(HiddenForGoodTest, GetsAnotherRelayWhenItsOwnHasGone) {
  present_.erase(present_.begin());
  Plan();
  ASSERT_NE(relays_.RelayOf("workers/c"), nullptr);
  EXPECT_EQ(relays_.RelayOf("workers/c")->worker(), "workers/b");
}

TEST_F(HiddenForGoodTest, NeedsNoRelayOnceItsNewProcessCanBeDialled) {
  present_[2] = Worker("c", "2");
  MeasureAll(1e8);
  EXPECT_EQ(relays_.RelayOf("workers/c"), nullptr);
}

}  // namespace
}  // namespace ropewalk
