#include "tests/fault/pauses.h"

#include <gtest/gtest.h>

#include <string>

#include "google/protobuf/util/time_util.h"

namespace ropewalk {
namespace {

using google::protobuf::util::TimeUtil;

absl::Time At(double seconds) { return absl::UnixEpoch() + absl::Seconds(seconds); }

v1::JobEvent Event(v1::JobEvent::Kind kind, double seconds, const std::string& message) {
  v1::JobEvent event;
  event.set_kind(kind);
  event.set_message(message);
  *event.mutable_time() = TimeUtil::MicrosecondsToTimestamp(static_cast<int64_t>(1e6 * seconds));
  return event;
}

v1::JobEvent Resumed(double seconds, double pause) {
  v1::JobEvent event = Event(v1::JobEvent::RESUMED, seconds, "steps go on");
  *event.mutable_pause() = TimeUtil::MicrosecondsToDuration(static_cast<int64_t>(1e6 * pause));
  return event;
}

GivenFault Given(FaultKind kind, const std::string& victim, double given, double undone) {
  GivenFault fault;
  fault.fault.kind = kind;
  fault.fault.victim = victim;
  fault.given = At(given);
  fault.undone = At(undone);
  return fault;
}

TEST(Pauses, AreExplainedByWhatWasSaidSinceTheLast) {
  const auto pauses = PausesOf(
      {Event(v1::JobEvent::INTERRUPTED, 10, "hop 1 -> 2: the connection from rank 1 was lost"),
       Resumed(11, 1), Event(v1::JobEvent::STATE_CHANGED, 19, "RUNNING"), Resumed(20, 1)},
      {});
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_TRUE(pauses[0].explained);
  EXPECT_FALSE(pauses[1].explained);
}

TEST(Pauses, WaitsCountFromTheLastFault) {
  const auto pauses = PausesOf({Resumed(13, 3)}, {Given(FaultKind::kKill, "w0", 10.5, 11),
                                                  Given(FaultKind::kCut, "w1", 12, 12),
                                                  Given(FaultKind::kKill, "w2", 14, 15)});
  EXPECT_EQ(pauses[0].wait, absl::Seconds(1));
  EXPECT_FALSE(pauses[0].hung);
}

TEST(Pauses, KnowWhoHungMeanwhile) {
  const std::vector<v1::JobEvent> events = {Resumed(20, 8)};
  EXPECT_TRUE(PausesOf(events, {Given(FaultKind::kStop, "w0", 11, 30)})[0].hung);
  EXPECT_FALSE(PausesOf(events, {Given(FaultKind::kStop, "w0", 3, 11)})[0].hung);
}

TEST(Pauses, NobodyCanLeadWhileTheCoordinatorIsAway) {
  const auto pauses =
      PausesOf({Resumed(13, 3)}, {Given(FaultKind::kKill, "coordinator", 10, 12.5)});
  EXPECT_EQ(pauses[0].wait, absl::Milliseconds(500));
}

}  // namespace
}  // namespace ropewalk
