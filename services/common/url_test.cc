#include "services/common/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Url, DecodesWhatItEncodes) {
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("a/b c~"), "a%2Fb%20c~");
  EXPECT_EQ(PercentDecode("refs%2fpr%2F1"), "refs/pr/1");
}

TEST(Url, DoesNotDecodeNonsense) {
  for (const char* const text : {"%", "%4", "%zz", "a%2", "%00", "%+1"}) {
    EXPECT_FALSE(PercentDecode(text).has_value()) << text;
  }
}

TEST(Url, TakesQueriesApart) {
  EXPECT_THAT(
      ParseQuery("a=1&b=x+y&a=%26&c&&=&d=%"),
      ElementsAre(Pair("a", "1"), Pair("b", "x y"), Pair("a", "&"), Pair("c", ""), Pair("", "")));
  const QueryFields fields = ParseQuery("a=1&a=2&b=3");
  EXPECT_EQ(FieldOf(fields, "a"), "2");
  EXPECT_EQ(FieldOf(fields, "z"), "");
  EXPECT_THAT(FieldsOf(fields, "a"), ElementsAre("1", "2"));
  EXPECT_EQ(ParseQuery(FormatQuery(fields)), fields);
}

}  // namespace
}  // namespace ropewalk
