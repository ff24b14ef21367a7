#include "worker/tokenizer/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ropewalk {
namespace {

TEST(ByteAlphabet, GivesEveryByteACharacterOfItsOwn) {
  std::set<std::string> characters;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string bytes(1, static_cast<char>(byte));
    EXPECT_TRUE(characters.insert(BytesToCharacters(bytes)).second) << byte;
    std::string back;
    EXPECT_TRUE(CharactersToBytes(BytesToCharacters(bytes), &back)) << byte;
    EXPECT_EQ(back, bytes) << byte;
  }
}

TEST(ByteAlphabet, IsThatOfGpt2) {
  EXPECT_EQ(BytesToCharacters("a b\n"), "aĠbĊ");
  EXPECT_EQ(BytesToCharacters("\x7F\x80\xAD\xFF"), "ġĢŃÿ");
  EXPECT_EQ(BytesToCharacters(absl::string_view("\0", 1)), "Ā");
}

TEST(ByteAlphabet, TextBeyondItIsNoBytes) {
  std::string bytes = "x";
  for (const char* text : {"aĠ縄", "a b", "\u0180"}) {
    EXPECT_FALSE(CharactersToBytes(text, &bytes));
    EXPECT_EQ(bytes, "x");
  }
}

}  // namespace
}  // namespace ropewalk
