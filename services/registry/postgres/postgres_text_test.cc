#include "services/registry/postgres/postgres_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <string>

namespace ropewalk {
namespace {

TEST(PostgresText, IsUtf8WithoutAZeroByte) {
  for (const char* const text :
       {"", "tiny", "\u00e4\u07ff", "\u0800\uffff", "\U00010000\U0001f600\U0010ffff", "\x01\x7f"}) {
    EXPECT_TRUE(IsPostgresText(text)) << text;
  }
  // Cut short, overlong, a surrogate, past the last character, or no beginning of one.
  for (const char* const bytes :
       {"\xc3", "a\xe4", "\xc3\x28", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x9f\x98", "\xc0\x80",
        "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\x80", "\xff"}) {
    EXPECT_FALSE(IsPostgresText(bytes)) << bytes;
  }
  EXPECT_FALSE(IsPostgresText(std::string("a\0b", 3)));
}

TEST(PostgresText, OfBytesIsHex) {
  EXPECT_EQ(PostgresBytes(std::string("\0a\xff", 3)), "\\x0061ff");
  EXPECT_EQ(PostgresBytes(""), "\\x");
}

TEST(PostgresText, OfADoubleHasAllOfIt) {
  for (const double value : {0.1, -1e300, 5e-324, std::numeric_limits<double>::max()}) {
    EXPECT_EQ(std::strtod(PostgresDouble(value).c_str(), nullptr), value);
  }
  EXPECT_EQ(PostgresDouble(std::numeric_limits<double>::infinity()), "inf");
}

TEST(PostgresText, OfAnArrayQuotesItsItems) {
  EXPECT_EQ(PostgresArray({}), "{}");
  EXPECT_EQ(PostgresArray({"a", "", "b c"}), R"({"a","","b c"})");
  EXPECT_EQ(PostgresArray({R"(a"b\c,{}')"}), R"({"a\"b\\c,{}'"})");
}

}  // namespace
}  // namespace ropewalk
