#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/metric_filter.h"
#include "services/registry/page_token.h"

namespace ropewalk {
namespace {

TEST(MetricFilter, IsANameAComparisonAndANumber) {
  const auto filter = ParseMetricFilter(" exact_match >= 0.9 ");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ(filter->metric, "exact_match");
  EXPECT_EQ(filter->comparison, ">=");
  EXPECT_EQ(filter->value, 0.9);
  EXPECT_EQ(ParseMetricFilter("eval_loss<-1e-3")->value, -1e-3);
  for (const char* comparison : {"<", "<=", ">", ">=", "=="}) {
    EXPECT_EQ(ParseMetricFilter(std::string("a") + comparison + "1")->comparison, comparison);
  }
}

TEST(MetricFilter, IsNothingElse) {
  for (const char* text : {"", "a", "a >", "> 1", "a = 1", "a != 1", "a => 1", "a > b", "a > nan",
                           "a > inf", "a > 1 2", "a > 1 or 1=1", "a' > 1", "a b > 1", "a >> 1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseMetricFilter(text).status())) << text;
  }
}

TEST(PageToken, BelongsToItsRequest) {
  const std::string token = EncodePageToken("request", "position/7");
  EXPECT_EQ(*DecodePageToken("request", token), "position/7");
  EXPECT_EQ(*DecodePageToken("request", ""), "");
  EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken("another", token).status()));
}

TEST(PageToken, CannotBeMadeUp) {
  std::string forged = EncodePageToken("request", "7");
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  for (const std::string& token :
       {forged, std::string("x"), std::string("!"), std::string(40, 'a')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(DecodePageToken("request", token).status())) << token;
  }
}

}  // namespace
}  // namespace ropewalk
