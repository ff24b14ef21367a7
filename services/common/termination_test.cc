#include "services/common/termination.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace ropewalk {
namespace {

// In a process of its own: the signal stays pending.
TEST(TerminationDeathTest, IsRequestedBySignalsAndStaysSo) {
  EXPECT_EXIT(
      {
        const Termination termination;
        const bool before = termination.requested();
        raise(SIGTERM);
        termination.Wait();
        const bool after = termination.requested() && termination.WaitFor(absl::Hours(1));
        _exit(!before && after ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(TerminationDeathTest, WaitsNoLongerThanAsked) {
  EXPECT_EXIT(
      {
        const Termination termination;
        _exit(termination.WaitFor(absl::Milliseconds(1)) ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ropewalk
