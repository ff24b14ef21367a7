#include "worker/data/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/tokenizer/testing/byte_tokenizer.h"

namespace ropewalk {
namespace {

using testing::ElementsAre;

Dataset TwoDocuments() {
  const std::string path = WriteTestFile(
      "data.jsonl", "{\"prompt\": \"ab\", \"completion\": \"cd\"}\n{\"text\": \"xy\"}\n");
  const auto tokenizer = MakeByteTokenizer();
  const absl::StatusOr<ChatFormat> chat = absl::NotFoundError("no template");
  const RowTokeniser tokeniser(tokenizer.get(), &chat, Learn::kAnswers);
  return Dataset::Load({path}, tokeniser, {}).value();
}

TEST(Pack, LaysDocumentsOneAfterAnother) {
  const PackedTokens packed = Pack(TwoDocuments(), {0, 1});
  EXPECT_THAT(packed.tokens, ElementsAre('a', 'b', 'c', 'd', 256, 'x', 'y', 256));
  EXPECT_THAT(packed.positions, ElementsAre(0, 1, 2, 3, 4, 0, 1, 2));
  EXPECT_THAT(packed.targets, ElementsAre(-1, 'c', 'd', 256, -1, 'y', 256, -1));
  EXPECT_THAT(packed.document_starts, ElementsAre(0, 5, 8));
  EXPECT_EQ(packed.target_count, 5);
}

TEST(Pack, KeepsTheOrderAskedFor) {
  const PackedTokens packed = Pack(TwoDocuments(), {1, 0, 1});
  EXPECT_THAT(packed.tokens, ElementsAre('x', 'y', 256, 'a', 'b', 'c', 'd', 256, 'x', 'y', 256));
  EXPECT_THAT(packed.document_starts, ElementsAre(0, 3, 8, 11));
  EXPECT_EQ(packed.target_count, 7);
}

TEST(Pack, OfNothingIsEmpty) {
  const PackedTokens packed = Pack(TwoDocuments(), {});
  EXPECT_TRUE(packed.tokens.empty());
  EXPECT_THAT(packed.document_starts, ElementsAre(0));
  EXPECT_EQ(packed.target_count, 0);
}

}  // namespace
}  // namespace ropewalk
