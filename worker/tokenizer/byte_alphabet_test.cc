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
    EXPECT_EQ(CharactersToBytes(BytesToCharacters(bytes)), bytes) << byte;
  }
}

TEST(ByteAlphabet, IsThatOfGpt2) {
  EXPECT_EQ(BytesToCharacters("a b\n"), "aĠbĊ");
  EXPECT_EQ(BytesToCharacters("\x7F\x80\xAD\xFF"), "ġĢŃÿ");
  EXPECT_EQ(BytesToCharacters(absl::string_view("\0", 1)), "Ā");
}

TEST(ByteAlphabet, TextBeyondItIsKeptAsAWhole) {
  EXPECT_EQ(CharactersToBytes("aĠ縄"), "aĠ縄");
  EXPECT_EQ(CharactersToBytes("a b"), "a b");
  EXPECT_EQ(CharactersToBytes("\u0180"), "\u0180");
}

}  // namespace
}  // namespace ropewalk
