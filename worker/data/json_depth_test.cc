#include "worker/data/json_depth.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

TEST(JsonDepth, CountsWhatLiesInOneAnother) {
  EXPECT_EQ(JsonDepth("1"), 0);
  EXPECT_EQ(JsonDepth(R"({"a": [1, 2], "b": {"c": [3]}})"), 3);
  EXPECT_EQ(JsonDepth("[][][]"), 1);
}

TEST(JsonDepth, LeavesStringsAlone) { EXPECT_EQ(JsonDepth(R"(["[[[", "\"[[", "\\"])"), 1); }

TEST(JsonDepth, SurvivesWhatIsNoJson) {
  EXPECT_EQ(JsonDepth("]]]["), 0);
  EXPECT_EQ(JsonDepth("\"\\"), 0);
}

}  // namespace
}  // namespace ropewalk
