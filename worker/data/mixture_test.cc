#include "worker/data/mixture.h"

#include <gtest/gtest.h>

#include <vector>

namespace ropewalk {
namespace {

// How often each of `documents` documents comes in the epochs before `epochs`.
std::vector<int> Times(const Mixture& mixture, int64_t documents, int64_t epochs) {
  std::vector<int> times(documents, 0);
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    for (int64_t place = 0; place < mixture.epoch_size(); ++place) {
      ++times[mixture.Document(epoch, place)];
    }
  }
  return times;
}

TEST(Mixture, WholeWeightsRepeatEveryDocument) {
  const Mixture mixture({{3, 1.0}, {2, 3.0}}, 7);
  EXPECT_EQ(mixture.epoch_size(), 9);
  EXPECT_EQ(Times(mixture, 5, 1), (std::vector<int>{1, 1, 1, 3, 3}));
}

TEST(Mixture, HalfAWeightUsesEachDocumentEveryOtherEpoch) {
  const Mixture mixture({{10, 0.5}, {1, 1.0}}, 7);
  EXPECT_EQ(mixture.epoch_size(), 6);
  const std::vector<int> times = Times(mixture, 11, 2);
  EXPECT_EQ(std::vector<int>(times.begin(), times.begin() + 10), std::vector<int>(10, 1));
  EXPECT_EQ(times[10], 2);
}

TEST(Mixture, FractionsGiveEveryEpochOtherDocuments) {
  const Mixture mixture({{100, 0.3}}, 7);
  EXPECT_NE(mixture.Document(0, 0), mixture.Document(1, 0));
  for (const int times : Times(mixture, 100, 10)) EXPECT_EQ(times, 3);
}

TEST(Mixture, SmallWeightsKeepOneDocument) {
  EXPECT_EQ(Mixture({{3, 0.01}}, 7).epoch_size(), 1);
  EXPECT_EQ(Mixture({{0, 2.0}, {3, 1.0}}, 7).epoch_size(), 3);
  EXPECT_EQ(Mixture({{0, 2.0}, {3, 1.0}}, 7).Document(0, 0), 0);
}

TEST(Mixture, TextTellsMixturesApart) {
  EXPECT_NE(Mixture({{3, 1.0}}, 7).ToString(), Mixture({{3, 2.0}}, 7).ToString());
  EXPECT_NE(Mixture({{3, 1.0}, {3, 1.0}}, 7).ToString(), Mixture({{6, 1.0}}, 7).ToString());
}

}  // namespace
}  // namespace ropewalk
