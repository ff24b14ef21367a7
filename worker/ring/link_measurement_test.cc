#include "worker/ring/link_measurement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "tests/testing/tcp_fault_proxy.h"
#include "worker/ring/testing/ring_members.h"

namespace ropewalk {
namespace {

constexpr char kIncarnation[] = "4711";

// Nobody listens there; a refusal comes at once.
constexpr char kNowhere[] = "127.0.0.1:1";

class LinkMeasurementTest : public testing::Test {
 protected:
  std::string address() const { return absl::StrCat("127.0.0.1:", proxy_->port()); }
  absl::StatusOr<LinkSpeed> Measure(const LinkMeasurementOptions& options = {}) {
    return MeasureLink({address()}, kIncarnation, options);
  }

  Member member_{absl::Seconds(60), kIncarnation};
  const std::unique_ptr<TcpFaultProxy> proxy_ = *TcpFaultProxy::Start(member_.port());
};

TEST_F(LinkMeasurementTest, MeasuresLatencyAndRate) {
  const absl::StatusOr<LinkSpeed> speed = Measure();
  ASSERT_TRUE(speed.ok()) << speed.status();
  EXPECT_GT(speed->round_trip, absl::ZeroDuration());
  EXPECT_LT(speed->round_trip, absl::Seconds(1));
  EXPECT_GT(speed->bytes_per_second, 1e6);
}

TEST_F(LinkMeasurementTest, SeesADelayOfBothDirections) {
  proxy_->Delay(absl::Milliseconds(25));
  const absl::StatusOr<LinkSpeed> speed = Measure();
  ASSERT_TRUE(speed.ok()) << speed.status();
  EXPECT_GE(speed->round_trip, absl::Milliseconds(50));
}

TEST_F(LinkMeasurementTest, SeesASlowLink) {
  constexpr double kRate = 2e6;
  proxy_->Throttle(kRate);
  const absl::StatusOr<LinkSpeed> speed = Measure();
  ASSERT_TRUE(speed.ok()) << speed.status();
  const double one = speed->bytes_per_second / speed->connections;
  EXPECT_LT(one, 1.3 * kRate);
  EXPECT_GT(one, 0.3 * kRate);
}

// As some networks limit each.
TEST_F(LinkMeasurementTest, FindsThatSeveralConnectionsGetMoreThanOne) {
  proxy_->Throttle(2e6);
  const absl::StatusOr<LinkSpeed> speed = Measure();
  ASSERT_TRUE(speed.ok()) << speed.status();
  EXPECT_EQ(speed->connections, 4);
}

TEST_F(LinkMeasurementTest, TakesTheAddressThatAnswers) {
  const absl::StatusOr<LinkSpeed> speed = MeasureLink({kNowhere, address()}, kIncarnation);
  ASSERT_TRUE(speed.ok()) << speed.status();
  EXPECT_EQ(speed->address, address());
}

TEST_F(LinkMeasurementTest, TakesTheFasterAddress) {
  proxy_->Throttle(2e6);
  const absl::StatusOr<LinkSpeed> speed = MeasureLink({address(), member_.address()}, kIncarnation);
  ASSERT_TRUE(speed.ok()) << speed.status();
  EXPECT_EQ(speed->address, member_.address());
}

TEST_F(LinkMeasurementTest, SaysWhereItTried) {
  LinkMeasurementOptions options;
  options.connect_timeout = absl::Milliseconds(200);
  const absl::Status status = MeasureLink({kNowhere}, kIncarnation, options).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), testing::HasSubstr(kNowhere));
}

TEST_F(LinkMeasurementTest, TellsAnotherProcessFromTheOneThatIsMeant) {
  const absl::Status status = MeasureLink({address()}, "another").status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), testing::HasSubstr("another process answers"));
}

TEST_F(LinkMeasurementTest, FailsIfTheConnectionBreaks) {
  proxy_->CutAfterServerBytes(500);
  EXPECT_FALSE(Measure().ok());
}

TEST_F(LinkMeasurementTest, CanBeCancelled) {
  RingCancellation cancellation;
  cancellation.Cancel("the test is over");
  const absl::Status status = MeasureLink({address()}, kIncarnation, {}, &cancellation).status();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

}  // namespace
}  // namespace ropewalk
