#include "worker/ops/stored_matmul.h"

#include <gtest/gtest.h>

#include "worker/ops/few_rows_dots.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows, out, in;
};

// Few rows and many; ends that are no panels, no vectors and no blocks of rows; more depth than is
// packed at a time, more columns than there are panels at a time.
constexpr Case kCases[] = {{1, 1, 1},     {3, 33, 7},   {31, 40, 20},  {32, 32, 32},
                           {37, 95, 513}, {64, 7, 530}, {40, 600, 17}, {33, 70, 1100}};

constexpr WeightStorage kStorages[] = {WeightStorage::kFloat32, WeightStorage::kBfloat16,
                                       WeightStorage::kNf4};

struct Weight {
  Weight(const Case& c, WeightStorage storage)
      : stored(StoreMatrix(storage, c.out, c.in, RandomFloats(c.out * c.in, 2).data())),
        values(c.out * c.in) {
    stored->Read(0, c.out, 0, c.in, values.data());
  }
  const std::unique_ptr<StoredMatrix> stored;
  std::vector<float> values;
};

// Both products, each written and then added to itself.
std::vector<float> Products(const Case& c, const StoredMatrix& w, const std::vector<float>& x,
                            const std::vector<float>& dy) {
  std::vector<float> y = Poisoned<float>(c.rows * c.out), dx = Poisoned<float>(c.rows * c.in);
  for (const bool accumulate : {false, true}) {
    StoredForward(w, c.rows, x.data(), y.data(), accumulate);
    StoredBackwardInput(w, c.rows, dy.data(), dx.data(), accumulate);
  }
  return Joined<float>({y, dx});
}

std::vector<double> Expected(const Case& c, const std::vector<float>& w,
                             const std::vector<float>& x, const std::vector<float>& dy) {
  std::vector<double> y(c.rows * c.out), dx(c.rows * c.in);
  for (int64_t r = 0; r < c.rows; ++r) {
    for (int64_t i = 0; i < c.out; ++i) {
      for (int64_t j = 0; j < c.in; ++j) {
        y[r * c.out + i] += 2.0 * x[r * c.in + j] * w[i * c.in + j];
        dx[r * c.in + j] += 2.0 * dy[r * c.out + i] * w[i * c.in + j];
      }
    }
  }
  return Joined<double>({y, dx});
}

TEST(StoredMatMul, IsTheDefinition) {
  for (const Case& c : kCases) {
    const auto x = RandomFloats(c.rows * c.in, 3), dy = RandomFloats(c.rows * c.out, 4);
    for (const WeightStorage storage : kStorages) {
      SCOPED_TRACE(testing::Message() << c.rows << " x " << c.out << " x " << c.in << ", storage "
                                      << static_cast<int>(storage));
      const Weight w(c, storage);
      ExpectClose(Products(c, *w.stored, x, dy), Expected(c, w.values, x, dy), 2e-6);
    }
  }
}

TEST(StoredMatMul, SameBitsForAnyThreads) {
  for (const Case& c : kCases) {
    const auto x = RandomFloats(c.rows * c.in, 3), dy = RandomFloats(c.rows * c.out, 4);
    const Weight w(c, WeightStorage::kBfloat16);
    ExpectSameBitsForAnyThreads([&] { return Products(c, *w.stored, x, dy); });
  }
}

// As generation needs it: a text's logits do not depend on what is beside it.
TEST(StoredMatMul, ARowOfFewHasTheSameBitsWhateverIsBesideIt) {
  constexpr int64_t kOut = 37, kIn = 107;
  const auto x = RandomFloats(kFewRowsOfDots * kIn, 3);
  for (const WeightStorage storage : kStorages) {
    const Weight w({kFewRowsOfDots, kOut, kIn}, storage);
    std::vector<float> all(kFewRowsOfDots * kOut);
    StoredForward(*w.stored, kFewRowsOfDots, x.data(), all.data(), /*accumulate=*/false);
    for (int64_t rows = 1; rows < kFewRowsOfDots; ++rows) {
      std::vector<float> few(rows * kOut);
      StoredForward(*w.stored, rows, x.data(), few.data(), /*accumulate=*/false);
      EXPECT_TRUE(std::equal(few.begin(), few.end(), all.begin())) << rows;
    }
  }
}

}  // namespace
}  // namespace ropewalk
