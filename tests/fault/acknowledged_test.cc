#include "tests/fault/acknowledged.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

TEST(Acknowledged, MissesAVersionThatIsLost) {
  Acknowledged acknowledged;
  acknowledged.TryVersion("a");
  EXPECT_TRUE(acknowledged.Check({}, {}).ok());
  EXPECT_TRUE(acknowledged.Check({"a"}, {}).ok());
  acknowledged.HaveVersion("a");
  acknowledged.TryVersion("a");
  EXPECT_THAT(acknowledged.versions(), ElementsAre("a"));
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({}, {})));
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({"a", "b"}, {})));
}

TEST(Acknowledged, SeesAVersionThatComesBack) {
  Acknowledged acknowledged;
  acknowledged.HaveVersion("a");
  acknowledged.HaveTag("t", "a");
  acknowledged.TryDeleteVersion("a");
  EXPECT_TRUE(acknowledged.Check({"a"}, {{"t", "a"}}).ok());
  EXPECT_TRUE(acknowledged.Check({}, {}).ok());
  acknowledged.HaveNoVersion("a");
  EXPECT_TRUE(acknowledged.Check({}, {}).ok());
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({"a"}, {})));
}

TEST(Acknowledged, MissesATagThatMovedBack) {
  Acknowledged acknowledged;
  acknowledged.HaveVersion("a");
  acknowledged.HaveVersion("b");
  acknowledged.TryTag("t", "a");
  EXPECT_FALSE(acknowledged.HasTag("t"));
  EXPECT_TRUE(acknowledged.Check({"a", "b"}, {}).ok());
  acknowledged.HaveTag("t", "a");
  acknowledged.TryTag("t", "b");
  EXPECT_TRUE(acknowledged.HasTag("t"));
  EXPECT_TRUE(acknowledged.Check({"a", "b"}, {{"t", "a"}}).ok());
  EXPECT_TRUE(acknowledged.Check({"a", "b"}, {{"t", "b"}}).ok());
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({"a", "b"}, {})));
  acknowledged.HaveTag("t", "b");
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({"a", "b"}, {{"t", "a"}})));
  EXPECT_TRUE(absl::IsDataLoss(acknowledged.Check({"a", "b"}, {{"t", "b"}, {"u", "a"}})));
}

}  // namespace
}  // namespace ropewalk
