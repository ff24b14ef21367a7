#include "worker/ring/hop_patience.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

constexpr absl::Duration kStart = absl::Seconds(100);

absl::Duration At(int seconds) { return kStart + absl::Seconds(seconds); }

TEST(HopPatience, EndsWhenNothingIsHeard) {
  const HopPatience patience(absl::Seconds(8), kStart);
  EXPECT_FALSE(patience.exhausted(At(7)));
  EXPECT_TRUE(patience.exhausted(At(8)));
}

TEST(HopPatience, LastsLongerWhenThePredecessorIsHeard) {
  HopPatience patience(absl::Seconds(8), kStart);
  patience.Hear(At(6));
  EXPECT_FALSE(patience.exhausted(At(13)));
  EXPECT_TRUE(patience.exhausted(At(14)));
}

TEST(HopPatience, NeverLastsMoreThanTwiceTheTimeout) {
  HopPatience patience(absl::Seconds(8), kStart);
  for (int second = 1; second < 16; ++second) {
    patience.Hear(At(second));
    EXPECT_FALSE(patience.exhausted(At(second)));
  }
  EXPECT_TRUE(patience.exhausted(At(16)));
}

TEST(HopPatience, AsksForFourNoticesATimeout) {
  HopPatience patience(absl::Seconds(8), kStart);
  int notices = 0;
  for (int second = 0; second < 8; ++second) notices += patience.TakeNotice(At(second)) ? 1 : 0;
  EXPECT_EQ(notices, 3);  // at 2, 4 and 6; the fourth would be at the end
  EXPECT_EQ(patience.Wait(At(7)), absl::Seconds(1));
}

}  // namespace
}  // namespace ropewalk
