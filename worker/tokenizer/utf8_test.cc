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

TEST(Utf8, CodePointsAndBytesAreEachOthersReverse) {
  for (const char32_t code_point : {0x0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF}) {
    std::string character;
    AppendCharacter(code_point, &character);
    EXPECT_TRUE(IsValidUtf8(character));
    EXPECT_EQ(CodePoint(character), code_point);
  }
}

TEST(Utf8, WhatIsNoUtf8BecomesReplacementCharacters) {
  const auto repaired = [](absl::string_view bytes) {
    std::string text;
    AppendAsUtf8(bytes, &text);
    return text;
  };
  EXPECT_EQ(repaired("a縄"), "a縄");
  EXPECT_EQ(repaired("a\xFF\xFEz"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(repaired("\xE7\xB8z"), "\uFFFDz") << "the beginning of one character";
  EXPECT_EQ(repaired("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(repaired("\xF0\x9F\x98"), "\uFFFD");
}

TEST(Utf8, TellsACharacterThatIsNotYetComplete) {
  EXPECT_EQ(IncompleteEnd("a\xE7"), 1u);
  EXPECT_EQ(IncompleteEnd("a\xE7\xB8"), 2u);
  EXPECT_EQ(IncompleteEnd("\xF0\x9F\x98"), 3u);
  for (const char* whole : {"", "a", "縄", "\xFF", "\xE7z", "\xED\xA0", "\x80\x80\x80\x80"}) {
    EXPECT_EQ(IncompleteEnd(whole), 0u) << whole;
  }
}

}  // namespace
}  // namespace ropewalk
