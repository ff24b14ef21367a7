#include "worker/generate/stop_stream.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

class StopStreamTest : public ::testing::Test {
 protected:
  // What the stream hands out for each byte, and at the end.
  std::vector<std::string> Pieces(const std::string& bytes, std::vector<std::string> stop) {
    StopStream stream(*tokenizer_, std::move(stop));
    std::vector<std::string> pieces;
    for (const char byte : bytes) {
      pieces.push_back(stream.Add(static_cast<uint8_t>(byte)));
      if (stream.stopped()) break;
    }
    pieces.push_back(stream.Finish());
    return pieces;
  }

  std::string Whole(const std::string& bytes, std::vector<std::string> stop = {}) {
    std::string whole;
    for (const std::string& piece : Pieces(bytes, std::move(stop))) whole += piece;
    return whole;
  }

  const std::unique_ptr<Tokenizer> tokenizer_ = MakeByteTokenizer();
};

TEST_F(StopStreamTest, HandsOutWholeCharacters) {
  EXPECT_THAT(Pieces("a\xC3\xA9 \xF0\x9F\x98\x80", {}),
              ElementsAre("a", "", "é", " ", "", "", "", "😀", ""));
}

TEST_F(StopStreamTest, ReplacesWhatIsNoText) {
  EXPECT_EQ(Whole("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(Whole("\x80\x80\x80\x80\x80\x80z").size(), 6 * 3 + 1u);
  EXPECT_EQ(Whole("cut \xF0\x9F").substr(0, 7), "cut \xEF\xBF\xBD");
}

TEST_F(StopStreamTest, StopsBeforeAStringThatSeveralTokensMake) {
  EXPECT_THAT(Pieces("one END two", {"END"}), ElementsAre("o", "n", "e", " ", "", "", "", ""));
}

TEST_F(StopStreamTest, HoldsBackWhatMayBecomeAStop) {
  EXPECT_THAT(Pieces("aEND", {"ENDS"}), ElementsAre("a", "", "", "", "END"));
  EXPECT_THAT(Pieces("ababc", {"abc"}), ElementsAre("", "", "ab", "", "", ""));
  EXPECT_EQ(Whole("aEN EEND", {"END"}), "aEN E");
}

TEST_F(StopStreamTest, StopsAtTheEarliestOfSeveral) {
  EXPECT_EQ(Whole("one, two. three", {".", ", t", ""}), "one");
}

TEST_F(StopStreamTest, LeavesSpecialTokensOut) {
  StopStream stream(*tokenizer_, {});
  EXPECT_EQ(stream.Add('a'), "a");
  EXPECT_EQ(stream.Add(256), "");  // <|end|>
  EXPECT_EQ(stream.Add(' '), " ");
  EXPECT_EQ(stream.Finish(), "");
}

TEST_F(StopStreamTest, AgreesWithDecodingEverythingAtOnce) {
  const std::string text =
      "Größe: 12 µm — Ελληνικά, 日本語, עברית, 👩‍👩‍👧\n\tend";
  EXPECT_EQ(Whole(text), text);
  EXPECT_EQ(Whole(text, {"nowhere", "日本国"}), text);
}

}  // namespace
}  // namespace ropewalk
