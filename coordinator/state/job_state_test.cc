#include "coordinator/state/job_state.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

std::vector<v1::JobState> AllStates() {
  std::vector<v1::JobState> states;
  for (int i = v1::JOB_STATE_QUEUED; i <= v1::JobState_MAX; ++i) {
    states.push_back(static_cast<v1::JobState>(i));
  }
  return states;
}

TEST(JobState, NothingFollowsAnEnd) {
  for (v1::JobState from : AllStates()) {
    if (!HasEnded(from)) continue;
    for (v1::JobState to : AllStates()) {
      EXPECT_FALSE(MayFollow(from, to)) << JobStateName(from) << " -> " << JobStateName(to);
    }
  }
}

TEST(JobState, EveryOtherStateLeadsToCancelled) {
  for (v1::JobState from : AllStates()) {
    if (HasEnded(from)) continue;
    EXPECT_TRUE(MayFollow(from, v1::JOB_STATE_CANCELLED) ||
                MayFollow(from, v1::JOB_STATE_CANCELLING))
        << JobStateName(from);
  }
}

TEST(JobState, RunsOnlyAfterPreparing) {
  for (v1::JobState from : AllStates()) {
    EXPECT_EQ(MayFollow(from, v1::JOB_STATE_RUNNING),
              from == v1::JOB_STATE_PREPARING || from == v1::JOB_STATE_RECOVERING);
  }
}

TEST(JobState, HasAShortName) { EXPECT_EQ(JobStateName(v1::JOB_STATE_RUNNING), "RUNNING"); }

}  // namespace
}  // namespace ropewalk
