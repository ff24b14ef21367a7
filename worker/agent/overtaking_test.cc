#include "worker/agent/overtaking.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ropewalk {
namespace {

v1::Assignment Running(int64_t generation, const std::vector<std::string>& workers) {
  v1::Assignment assignment;
  assignment.set_job("jobs/a");
  assignment.set_generation(generation);
  assignment.set_goal(v1::Assignment::RUN);
  for (const std::string& worker : workers) {
    v1::Member* member = assignment.add_members();
    member->set_worker(worker);
    member->set_incarnation("1");
  }
  return assignment;
}

TEST(Overtaking, LetsTheWantedAssignmentGoOn) {
  EXPECT_EQ(HowOvertaken(Running(1, {"a", "b"}), Running(1, {"a", "b"})), Overtaking::kNot);
}

TEST(Overtaking, EndsAtOnceWhenNothingOrAnotherJobIsWanted) {
  EXPECT_EQ(HowOvertaken(Running(1, {"a"}), std::nullopt), Overtaking::kAtOnce);
  v1::Assignment other = Running(1, {"a"});
  other.set_job("jobs/b");
  EXPECT_EQ(HowOvertaken(Running(1, {"a"}), other), Overtaking::kAtOnce);
}

TEST(Overtaking, FinishesTheStepWhenAMemberJoins) {
  EXPECT_EQ(HowOvertaken(Running(1, {"a", "b"}), Running(2, {"a", "b", "c"})),
            Overtaking::kAtBoundary);
}

TEST(Overtaking, EndsAtOnceWhenAMemberIsLost) {
  EXPECT_EQ(HowOvertaken(Running(1, {"a", "b"}), Running(2, {"a"})), Overtaking::kAtOnce);
}

TEST(Overtaking, EndsAtOnceWhenAMemberCameBackAsAnotherProcess) {
  v1::Assignment wanted = Running(2, {"a", "b"});
  wanted.mutable_members(1)->set_incarnation("2");
  EXPECT_EQ(HowOvertaken(Running(1, {"a", "b"}), wanted), Overtaking::kAtOnce);
}

TEST(Overtaking, FinishesTheStepWhenAskedToStop) {
  v1::Assignment stop = Running(1, {"a", "b"});
  stop.set_goal(v1::Assignment::STOP);
  EXPECT_EQ(HowOvertaken(Running(1, {"a", "b"}), stop), Overtaking::kAtBoundary);
}

}  // namespace
}  // namespace ropewalk
