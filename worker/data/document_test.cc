#include "worker/data/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ropewalk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Document, LearnsEverythingButTheFirstToken) {
  Document document;
  document.tokens = {7, 8, 9};
  document.Learn(0, 3);
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{1, 3}));
  EXPECT_EQ(document.target_count(), 2);
}

TEST(Document, JoinsNeighboursAndLeavesOutWhatIsLearntAlready) {
  Document document;
  document.Learn(2, 4);
  document.Learn(3, 5);
  document.Learn(7, 9);
  document.Learn(8, 9);
  document.Learn(9, 9);
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{2, 5}, TokenRange{7, 9}));
}

TEST(Document, CutKeepsTheTargetsOfWhatIsLeft) {
  Document document;
  document.tokens.resize(10);
  document.Learn(2, 4);
  document.Learn(6, 9);
  document.Cut(12);
  EXPECT_EQ(document.tokens.size(), 10u);
  document.Cut(7);
  EXPECT_EQ(document.tokens.size(), 7u);
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{2, 4}, TokenRange{6, 7}));
  document.Cut(6);
  EXPECT_THAT(document.targets, ElementsAre(TokenRange{2, 4}));
  document.Cut(2);
  EXPECT_THAT(document.targets, IsEmpty());
}

}  // namespace
}  // namespace ropewalk
