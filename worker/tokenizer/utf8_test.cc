#include "worker/tokenizer/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ropewalk {
namespace {

TEST(Utf8, TakesCharactersOfEveryLength) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8(absl::string_view("a\0b", 3)));
  EXPECT_TRUE(IsValidUtf8("\x7F \xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEF\xBF\xBF"));
  EXPECT_TRUE(IsValidUtf8("\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesWhatIsIllFormed) {
  for (const char* text : {
           "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xFF", "\xF5\x80\x80\x80",  // no first byte
           "\xC3", "\xE4\xB8", "\xF0\x9F\x98", "\xC3(", "\xE4\xB8(",            // cut off
           "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",                                  // overlong
           "\xED\xA0\x80", "\xED\xBF\xBF",                                      // surrogates
           "\xF4\x90\x80\x80",                                                  // too large
       }) {
    EXPECT_FALSE(IsValidUtf8(text)) << testing::PrintToString(text);
    EXPECT_FALSE(IsValidUtf8(std::string("ab") + text + "c"));
  }
}

TEST(Utf8, FirstAndLastCharacterAreWhole) {
  EXPECT_EQ(FirstCharacter("縄abc"), "縄");
  EXPECT_EQ(LastCharacter("abc縄"), "縄");
  EXPECT_EQ(LastCharacter("縄a"), "a");
  EXPECT_EQ(FirstCharacter(""), "");
  EXPECT_EQ(LastCharacter(""), "");
}

}  // namespace
}  // namespace ropewalk
