#include "coordinator/state/worker_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class WorkerTableTest : public testing::Test {
 protected:
  static v1::WorkerHello Hello(const std::string& incarnation,
                               const std::string& name = "workers/a") {
    v1::WorkerHello hello;
    hello.set_name(name);
    hello.set_incarnation(incarnation);
    hello.set_ring_address("127.0.0.1:7090");
    return hello;
  }
  static v1::Member MemberA() {
    v1::Member member;
    member.set_worker("workers/a");
    member.set_incarnation("1");
    return member;
  }
  bool ReportIdle(int64_t session) {
    v1::WorkerReport report;
    report.set_phase(v1::WORKER_PHASE_IDLE);
    return table_.TakeReport("workers/a", session, report, now_);
  }
  Presence PresenceOfA() { return table_.ViewOf(MemberA(), now_).presence; }
  void Pass(absl::Duration duration) {
    for (const absl::Time end = now_ + duration; now_ < end;) {
      now_ = std::min(now_ + absl::Seconds(1), end);
      table_.Tick(now_);
    }
  }

  const Timing timing_;
  WorkerTable table_{&timing_};
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

TEST_F(WorkerTableTest, RefusesAHelloWithAWrongField) {
  const auto invalid = absl::StatusCode::kInvalidArgument;
  for (const char* name : {"", "a", "workers/", "workers/../x", "workers/a b", "workers/-a"}) {
    EXPECT_EQ(table_.Attach(Hello("1", name), 1, now_).code(), invalid) << name;
  }
  EXPECT_EQ(table_.Attach(Hello(""), 1, now_).code(), invalid);
  v1::WorkerHello nowhere = Hello("1");
  nowhere.set_ring_address("nowhere");
  EXPECT_THAT(table_.Attach(nowhere, 1, now_).message(), HasSubstr("ring_address"));
  EXPECT_THAT(table_.All(), SizeIs(0));
}

TEST_F(WorkerTableTest, CountsAWorkerIdleOnceItSaysSo) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  EXPECT_FALSE(table_.IsIdle(*table_.Find("workers/a"), now_));
  EXPECT_TRUE(ReportIdle(1));
  EXPECT_TRUE(table_.IsIdle(*table_.Find("workers/a"), now_));
}

TEST_F(WorkerTableTest, IgnoresAStreamThatANewerOneReplaced) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  ASSERT_TRUE(table_.Attach(Hello("1"), 2, now_).ok());
  EXPECT_FALSE(ReportIdle(1));
  EXPECT_FALSE(table_.Detach("workers/a", 1, now_));
  EXPECT_EQ(PresenceOfA(), Presence::kHere);
}

TEST_F(WorkerTableTest, RefusesAZombieThatAnotherProcessReplaced) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  ASSERT_TRUE(table_.Attach(Hello("2"), 2, now_).ok());
  EXPECT_EQ(PresenceOfA(), Presence::kLost);
  EXPECT_EQ(table_.Attach(Hello("1"), 3, now_).code(), absl::StatusCode::kAborted);
  EXPECT_EQ(table_.Find("workers/a")->session, 2);
}

TEST_F(WorkerTableTest, GoesFromHereOverSilentToLost) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  Pass(absl::Milliseconds(4999));
  EXPECT_EQ(PresenceOfA(), Presence::kHere);
  Pass(absl::Milliseconds(1));
  EXPECT_EQ(PresenceOfA(), Presence::kSilent);
  Pass(absl::Seconds(5));
  EXPECT_EQ(PresenceOfA(), Presence::kLost);
  EXPECT_TRUE(ReportIdle(1));
  EXPECT_EQ(PresenceOfA(), Presence::kHere);
}

TEST_F(WorkerTableTest, GoesFromAwayOverGoneToLost) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  ASSERT_TRUE(table_.Detach("workers/a", 1, now_));
  EXPECT_EQ(PresenceOfA(), Presence::kAway);
  Pass(absl::Seconds(1));
  EXPECT_EQ(PresenceOfA(), Presence::kGone);
  Pass(absl::Seconds(9));
  EXPECT_EQ(PresenceOfA(), Presence::kLost);
}

TEST_F(WorkerTableTest, LetsNoLeaseRunOutWhileNobodyLooksAtTheTime) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  Pass(absl::Seconds(1));
  now_ += absl::Hours(1);
  table_.Tick(now_);
  EXPECT_EQ(PresenceOfA(), Presence::kHere);
  Pass(absl::Seconds(9));
  EXPECT_EQ(PresenceOfA(), Presence::kLost);
}

TEST_F(WorkerTableTest, WaitsLongerForThoseOfBeforeARestart) {
  table_.Expect(MemberA(), now_);
  EXPECT_EQ(PresenceOfA(), Presence::kExpected);
  EXPECT_EQ(table_.Find("workers/a"), nullptr);
  Pass(absl::Milliseconds(9999));
  EXPECT_EQ(PresenceOfA(), Presence::kExpected);
  Pass(absl::Milliseconds(1));
  EXPECT_EQ(PresenceOfA(), Presence::kLost);
}

TEST_F(WorkerTableTest, MeasuresSpeedAnewForEachJob) {
  ASSERT_TRUE(table_.Attach(Hello("1"), 1, now_).ok());
  v1::WorkerReport report;
  report.set_job("jobs/x");
  report.add_steps()->set_own_tokens(500);
  report.mutable_steps(0)->set_compute_seconds(2);
  ASSERT_TRUE(table_.TakeReport("workers/a", 1, report, now_));
  EXPECT_DOUBLE_EQ(table_.ViewOf(MemberA(), now_).tokens_per_second, 250);
  report.set_job("jobs/y");
  report.clear_steps();
  ASSERT_TRUE(table_.TakeReport("workers/a", 1, report, now_));
  EXPECT_DOUBLE_EQ(table_.ViewOf(MemberA(), now_).tokens_per_second, 0);
}

}  // namespace
}  // namespace ropewalk
