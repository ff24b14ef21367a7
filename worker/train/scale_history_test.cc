#include "worker/train/scale_history.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TEST(ScaleHistory, KnowsNothingAtFirst) {
  EXPECT_EQ(ScaleHistory(2).Scales(), (std::vector<uint8_t>{0, 0}));
}

TEST(ScaleHistory, AddsTheMarginToTheLargestRemembered) {
  ScaleHistory history(2);
  history.Record({100, 0});
  history.Record({90, 0});
  EXPECT_EQ(history.Scales(), (std::vector<uint8_t>{104, 0}));
}

TEST(ScaleHistory, ForgetsAfterTheWindow) {
  ScaleHistory history(1);
  history.Record({120});
  for (int step = 0; step < ScaleHistory::kWindow - 1; ++step) history.Record({90});
  EXPECT_EQ(history.Scales()[0], 124);
  history.Record({90});
  EXPECT_EQ(history.Scales()[0], 94);
}

TEST(ScaleHistory, NeverAsksForMoreThanFloat32Has) {
  ScaleHistory history(1);
  history.Record({253});
  EXPECT_EQ(history.Scales()[0], 254);
}

TEST(ScaleHistory, GoesOnAsBeforeWhenRestored) {
  ScaleHistory original(1);
  for (int step = 0; step < 20; ++step) original.Record({static_cast<uint8_t>(100 + step)});
  ScaleHistory restored(1);
  restored.Restore(original.window(), original.recorded());
  original.Record({50});
  restored.Record({50});
  EXPECT_EQ(original.window(), restored.window());
}

TEST(ScaleHistory, CoverMeansEveryBlock) {
  EXPECT_TRUE(ScalesCover({104, 0}, {104, 0}));
  EXPECT_FALSE(ScalesCover({104, 0}, {105, 0}));
  EXPECT_FALSE(ScalesCover({104, 0}, {104, 1}));
}

}  // namespace
}  // namespace ropewalk
