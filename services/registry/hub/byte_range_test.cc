#include "services/registry/hub/byte_range.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

void ExpectRange(absl::string_view header, int64_t size, int64_t offset, int64_t length) {
  const auto range = ParseByteRange(header, size);
  ASSERT_TRUE(range.has_value()) << header;
  EXPECT_FALSE(range->whole) << header;
  EXPECT_EQ(range->offset, offset) << header;
  EXPECT_EQ(range->length, length) << header;
}

TEST(ByteRange, TakesOneStretch) {
  ExpectRange("bytes=0-99", 1000, 0, 100);
  ExpectRange("bytes=100-", 1000, 100, 900);
  ExpectRange("bytes=-50", 1000, 950, 50);
  ExpectRange("bytes=-5000", 1000, 0, 1000);
  ExpectRange("bytes=999-100000", 1000, 999, 1);
  ExpectRange("bytes=0-0", 1, 0, 1);
  ExpectRange("bytes=0-18446744073709551615", 1000, 0, 1000);
}

TEST(ByteRange, SaysWhenNothingIsThere) {
  EXPECT_FALSE(ParseByteRange("bytes=1000-", 1000).has_value());
  EXPECT_FALSE(ParseByteRange("bytes=5000-6000", 1000).has_value());
  EXPECT_FALSE(ParseByteRange("bytes=-0", 1000).has_value());
  EXPECT_FALSE(ParseByteRange("bytes=0-0", 0).has_value());
}

TEST(ByteRange, IgnoresWhatItNeedNotUnderstand) {
  for (const char* const header : {"", "lines=1-2", "bytes=0-1,4-5", "bytes=a-b", "bytes=5",
                                   "bytes=9-3", "bytes=-", "bytes=--1", "bytes=+1-2"}) {
    const auto range = ParseByteRange(header, 1000);
    ASSERT_TRUE(range.has_value()) << header;
    EXPECT_TRUE(range->whole) << header;
    EXPECT_EQ(range->length, 1000) << header;
  }
}

}  // namespace
}  // namespace ropewalk
