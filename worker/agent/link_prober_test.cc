#include "worker/agent/link_prober.h"

#include <gtest/gtest.h>

#include "worker/agent/wakeup.h"
#include "worker/ring/testing/ring_members.h"

namespace ropewalk {
namespace {

constexpr char kIncarnation[] = "4711";

// Nobody listens there; a refusal comes at once.
constexpr char kNowhere[] = "127.0.0.1:1";

class LinkProberTest : public testing::Test {
 protected:
  std::string address() const { return other_.address(); }

  v1::Member Peer(const std::vector<std::string>& addresses) const {
    v1::Member member;
    member.set_worker("workers/other");
    member.set_incarnation(kIncarnation);
    member.set_ring_address(addresses.front());
    member.mutable_more_ring_addresses()->Assign(addresses.begin() + 1, addresses.end());
    return member;
  }

  // What the prober puts on the board when it is to measure the way to `peer`.
  v1::Link Measure(const v1::Member& peer) {
    v1::LinkToMeasure link;
    link.set_id(++last_id_);
    *link.mutable_peer() = peer;
    prober_.Want(link);
    for (int i = 0; i < 60; ++i) {
      bell_.WaitFor(absl::Seconds(1));
      const v1::WorkerReport report = board_.Take();
      if (report.links_size() > 0) return report.links(0);
    }
    ADD_FAILURE() << "nothing was measured";
    return v1::Link();
  }

  Member other_{absl::Seconds(60), kIncarnation};
  int64_t last_id_ = 0;
  Wakeup bell_;
  ReportBoard board_{[this] { bell_.Ring(); }};
  LinkProber prober_{&board_};
};

TEST_F(LinkProberTest, ReportsWhatItHasMeasured) {
  const v1::Link link = Measure(Peer({address()}));
  EXPECT_EQ(link.worker(), "workers/other");
  EXPECT_EQ(link.incarnation(), kIncarnation);
  EXPECT_EQ(link.address(), address());
  EXPECT_GT(link.bytes_per_second(), 0);
  EXPECT_GT(link.round_trip_seconds(), 0);
  EXPECT_FALSE(link.has_error());
}

TEST_F(LinkProberTest, ReportsThatNobodyAnswers) {
  const v1::Link link = Measure(Peer({kNowhere}));
  EXPECT_TRUE(link.has_error());
  EXPECT_NE(link.error().message().find(kNowhere), std::string::npos) << link.error().message();
}

TEST_F(LinkProberTest, MeasuresAgainWhenAskedAgain) {
  EXPECT_TRUE(Measure(Peer({kNowhere})).has_error());
  EXPECT_FALSE(Measure(Peer({kNowhere, address()})).has_error());
}

TEST_F(LinkProberTest, KnowsTheAddressThatWorks) {
  Measure(Peer({kNowhere, address()}));
  EXPECT_EQ(prober_.AddressOf(Peer({kNowhere, address()})), address());
}

TEST_F(LinkProberTest, FindsTheAddressThatWorksWithoutAMeasurement) {
  EXPECT_EQ(prober_.AddressOf(Peer({kNowhere, address()})), address());
}

TEST_F(LinkProberTest, LeavesAnOnlyAddressAsItIs) {
  EXPECT_EQ(prober_.AddressOf(Peer({kNowhere})), kNowhere);
}

}  // namespace
}  // namespace ropewalk
