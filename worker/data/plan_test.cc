#include "worker/data/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace ropewalk {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Lengths(int64_t n) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < n; ++i) lengths.push_back(1 + i * 7 % 50);
  return lengths;
}

PlanOptions Options(double epochs, int64_t batch, int64_t max_steps = 0) {
  return {.seed = 11,
          .epochs = epochs,
          .max_steps = max_steps,
          .global_batch_size = batch,
          .micro_batch_tokens = 64};
}

// The documents of all steps, in the order of the micro-batches.
std::vector<int64_t> AllDocuments(const Plan& plan) {
  std::vector<int64_t> documents;
  for (int64_t step = 0; step < plan.total_steps(); ++step) {
    for (const auto& batch : plan.MicroBatches(step)) {
      documents.insert(documents.end(), batch.begin(), batch.end());
    }
  }
  return documents;
}

TEST(Plan, CountsStepsByDocuments) {
  EXPECT_EQ(Plan(Options(1, 10), Lengths(100)).total_steps(), 10);
  EXPECT_EQ(Plan(Options(1, 10), Lengths(101)).total_steps(), 11);
  EXPECT_EQ(Plan(Options(2.5, 10), Lengths(100)).total_steps(), 25);
  EXPECT_EQ(Plan(Options(0.25, 10), Lengths(100)).total_steps(), 3);
  EXPECT_EQ(Plan(Options(1e-9, 10), Lengths(100)).total_steps(), 1);
  EXPECT_EQ(Plan(Options(1, 1000), Lengths(3)).total_steps(), 1);
}

TEST(Plan, MaxStepsEndsIt) {
  EXPECT_EQ(Plan(Options(3, 10, 7), Lengths(100)).total_steps(), 7);
  EXPECT_EQ(Plan(Options(3, 10, 99), Lengths(100)).total_steps(), 30);
}

TEST(Plan, EveryDocumentComesOnceAnEpoch) {
  for (const int64_t batch : {1, 7, 32, 250}) {
    const std::vector<int64_t> documents = AllDocuments(Plan(Options(3, batch), Lengths(100)));
    std::vector<int> times(100, 0);
    for (const int64_t document : documents) ++times[document];
    EXPECT_EQ(times, std::vector<int>(100, 3)) << batch;
  }
}

TEST(Plan, EpochsBeginWhereTheOneBeforeEndsEvenWithinAStep) {
  const Plan plan(Options(2, 60), Lengths(40));
  ASSERT_EQ(plan.total_steps(), 2);
  std::vector<int> times(40, 0);
  for (const auto& batch : plan.MicroBatches(0)) {
    for (const int64_t document : batch) ++times[document];
  }
  EXPECT_EQ(std::count(times.begin(), times.end(), 1), 20);
  EXPECT_EQ(std::count(times.begin(), times.end(), 2), 20);
}

TEST(Plan, EpochsHaveDifferentOrders) {
  const std::vector<int64_t> documents = AllDocuments(Plan(Options(2, 1), Lengths(50)));
  EXPECT_NE(std::vector<int64_t>(documents.begin(), documents.begin() + 50),
            std::vector<int64_t>(documents.begin() + 50, documents.end()));
}

TEST(Plan, LastStepTakesWhatIsLeft) {
  const Plan plan(Options(1.5, 32), Lengths(100));
  ASSERT_EQ(plan.total_steps(), 5);
  size_t documents = 0;
  for (const auto& batch : plan.MicroBatches(4)) documents += batch.size();
  EXPECT_EQ(documents, 150u - 4 * 32);
}

TEST(Plan, MicroBatchesKeepTheirSize) {
  const std::vector<int64_t> lengths = Lengths(100);
  const Plan plan(Options(2, 32), lengths);
  for (int64_t step = 0; step < plan.total_steps(); ++step) {
    for (const auto& batch : plan.MicroBatches(step)) {
      int64_t tokens = 0;
      for (const int64_t document : batch) tokens += lengths[document];
      EXPECT_GT(tokens, 0);
      EXPECT_LE(tokens, 64);
    }
  }
}

TEST(Plan, IsTheSameForWhoeverAsksWhenever) {
  const Plan one(Options(2, 32), Lengths(100)), other(Options(2, 32), Lengths(100));
  const auto last = one.MicroBatches(6);
  EXPECT_EQ(one.MicroBatches(3), other.MicroBatches(3));
  EXPECT_EQ(other.MicroBatches(6), last);
  EXPECT_EQ(one.digest(), other.digest());
}

TEST(Plan, DigestDependsOnAllThatItDependsOn) {
  const std::string digest = Plan(Options(2, 32), Lengths(100)).digest();
  EXPECT_EQ(digest.size(), 64u);
  PlanOptions seed = Options(2, 32), tokens = Options(2, 32);
  seed.seed = 12;
  tokens.micro_batch_tokens = 65;
  for (const PlanOptions& options :
       {seed, tokens, Options(3, 32), Options(2, 31), Options(2, 32, 5)}) {
    EXPECT_NE(Plan(options, Lengths(100)).digest(), digest);
  }
  std::vector<int64_t> lengths = Lengths(100);
  ++lengths[99];
  EXPECT_NE(Plan(Options(2, 32), lengths).digest(), digest);
}

// Bits that checkpoints and other members rely on: they must not change from release to release.
TEST(Plan, StaysAsItIs) {
  const Plan plan({.seed = 1, .epochs = 1, .global_batch_size = 6, .micro_batch_tokens = 10},
                  {5, 4, 3, 2, 1, 6});
  EXPECT_THAT(plan.MicroBatches(0),
              ElementsAre(ElementsAre(5, 1), ElementsAre(0, 2, 3), ElementsAre(4)));
}

TEST(PackFirstFit, TakesTheFirstPackWithRoom) {
  EXPECT_THAT(PackFirstFit({0, 1, 2, 3, 4}, {6, 5, 4, 5, 1}, 10),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1, 3), ElementsAre(4)));
  EXPECT_THAT(PackFirstFit({4, 3, 0}, {6, 5, 4, 5, 1}, 10),
              ElementsAre(ElementsAre(4, 3), ElementsAre(0)));
}

TEST(PackFirstFit, GivesAnOverlongDocumentAPackOfItsOwn) {
  EXPECT_THAT(PackFirstFit({0, 1, 2}, {3, 99, 3}, 10),
              ElementsAre(ElementsAre(0, 2), ElementsAre(1)));
}

TEST(PackDocuments, FirstFitDecreasingTakesTheLongestFirst) {
  EXPECT_THAT(PackDocuments(Packing::kFirstFitDecreasing, {0, 1, 2, 3, 4}, {1, 5, 4, 6, 4}, 10),
              ElementsAre(ElementsAre(3, 2), ElementsAre(1, 4, 0)));
}

TEST(PackDocuments, NoneKeepsEachAlone) {
  EXPECT_THAT(PackDocuments(Packing::kNone, {2, 0}, {1, 1, 1}, 10),
              ElementsAre(ElementsAre(2), ElementsAre(0)));
}

TEST(Plan, WeightsDecideHowOftenAFileComes) {
  const Plan plan(Options(1, 8), Lengths(10), Mixture({{4, 3.0}, {6, 1.0}}, 11));
  std::vector<int> times(10, 0);
  for (const int64_t document : AllDocuments(plan)) ++times[document];
  EXPECT_THAT(times, ElementsAre(3, 3, 3, 3, 1, 1, 1, 1, 1, 1));
  EXPECT_NE(plan.digest(), Plan(Options(1, 8), Lengths(10)).digest());
}

TEST(PackFirstFit, OfNothingIsNothing) { EXPECT_TRUE(PackFirstFit({}, {}, 10).empty()); }

TEST(PackFirstFit, AgreesWithAPlainSearch) {
  const std::vector<int64_t> lengths = Lengths(500);
  std::vector<int64_t> documents(500);
  std::iota(documents.begin(), documents.end(), 0);
  std::vector<std::vector<int64_t>> packs;
  std::vector<int64_t> room;
  for (const int64_t document : documents) {
    size_t p = 0;
    while (p < packs.size() && room[p] < lengths[document]) ++p;
    if (p == packs.size()) packs.emplace_back(), room.push_back(64);
    packs[p].push_back(document);
    room[p] -= lengths[document];
  }
  EXPECT_EQ(PackFirstFit(documents, lengths, 64), packs);
}

}  // namespace
}  // namespace ropewalk
