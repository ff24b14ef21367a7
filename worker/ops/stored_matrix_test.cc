#include "worker/ops/stored_matrix.h"

#include <gtest/gtest.h>

#include "worker/ops/linear_weight.h"
#include "worker/ops/ops_testing.h"
#include "worker/tensor/bfloat16.h"

namespace ropewalk {
namespace {

constexpr WeightStorage kStorages[] = {WeightStorage::kBfloat16, WeightStorage::kFloat16,
                                       WeightStorage::kInt8, WeightStorage::kNf4,
                                       WeightStorage::kNf4Double};

struct Size {
  int64_t rows, out, in;
};
constexpr Size kSizes[] = {{1, 1, 1},     {3, 5, 7},      {67, 33, 17},
                           {5, 130, 193}, {1, 600, 1100}, {140, 200, 520}};

std::vector<float> ReadAll(const StoredMatrix& matrix) {
  auto all = Poisoned<float>(matrix.rows() * matrix.columns());
  matrix.Read(0, matrix.rows(), 0, matrix.columns(), all.data());
  return all;
}

double Bits(WeightStorage storage, int64_t rows, int64_t columns) {
  const std::vector<float> w = RandomFloats(rows * columns, 1);
  return 8.0 * StoreMatrix(storage, rows, columns, w.data())->bytes() / (rows * columns);
}

TEST(StoredMatrix, TakesTheBitsItSays) {
  EXPECT_EQ(Bits(WeightStorage::kBfloat16, 256, 1024), 16);
  EXPECT_EQ(Bits(WeightStorage::kFloat16, 256, 1024), 16);
  EXPECT_EQ(Bits(WeightStorage::kInt8, 256, 1024), 8 + 32.0 / 1024);
  EXPECT_EQ(Bits(WeightStorage::kNf4, 256, 1024), 4.5);
  // Of 64 weights 8 bits, of 64 * 256 weights 32 bits, and once a map of 256 numbers.
  EXPECT_EQ(Bits(WeightStorage::kNf4Double, 1024, 1024),
            4 + 8.0 / 64 + 32.0 / (64 * 256) + 32.0 * 256 / (1024 * 1024));
}

// The largest error, as a share of the largest magnitude.
TEST(StoredMatrix, IsAsFarFromTheMatrixAsItsBitsAllow) {
  const std::vector<float> w = RandomFloats(64 * 96, 2);
  for (const auto& [storage, tolerance] : {std::pair{WeightStorage::kBfloat16, 0.004},
                                           {WeightStorage::kFloat16, 0.0005},
                                           {WeightStorage::kInt8, 0.0045},
                                           {WeightStorage::kNf4, 0.153},
                                           {WeightStorage::kNf4Double, 0.16}}) {
    const auto matrix = StoreMatrix(storage, 64, 96, w.data());
    EXPECT_EQ(matrix->storage(), storage);
    ExpectClose(ReadAll(*matrix), {w.begin(), w.end()}, tolerance);
  }
}

TEST(StoredMatrix, AnyPartReadsAsTheWhole) {
  const int64_t rows = 9, columns = 77;
  const std::vector<float> w = RandomFloats(rows * columns, 3);
  for (const WeightStorage storage : kStorages) {
    const auto matrix = StoreMatrix(storage, rows, columns, w.data());
    const std::vector<float> all = ReadAll(*matrix);
    std::vector<float> part(4 * 40);
    matrix->Read(3, 4, 31, 40, part.data());
    for (int64_t i = 0; i < 4 * 40; ++i) {
      ASSERT_EQ(part[i], all[(3 + i / 40) * columns + 31 + i % 40]);
    }
  }
}

struct Products {
  std::vector<float> y, dx;
};

Products Multiply(const LinearWeight<float>& weight, const Size& s, bool accumulate) {
  Products result = {Poisoned<float>(s.rows * s.out), RandomFloats(s.rows * s.in, 6)};
  weight.Forward(s.rows, RandomFloats(s.rows * s.in, 4).data(), result.y.data());
  weight.BackwardInput(s.rows, RandomFloats(s.rows * s.out, 5).data(), result.dx.data(),
                       accumulate);
  return result;
}

std::vector<double> ToDoubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }

// Both directions multiply the very numbers that are read.
TEST(StoredLinearWeight, MultipliesTheNumbersThatAreRead) {
  for (const Size& s : kSizes) {
    const std::vector<float> w = RandomFloats(s.out * s.in, 7);
    for (const WeightStorage storage : kStorages) {
      LinearWeight<float> stored(s.out, s.in, MatMulPrecision::kFull, storage);
      stored.Pack(w.data());
      LinearWeight<float> plain(s.out, s.in, MatMulPrecision::kFull);
      plain.Pack(ReadAll(*StoreMatrix(storage, s.out, s.in, w.data())).data());
      for (const bool accumulate : {false, true}) {
        const Products actual = Multiply(stored, s, accumulate);
        const Products expected = Multiply(plain, s, accumulate);
        ExpectClose(actual.y, ToDoubles(expected.y), 1e-5);
        ExpectClose(actual.dx, ToDoubles(expected.dx), 1e-5);
      }
    }
  }
}

TEST(StoredLinearWeight, RoundsBothFactorsForBfloat16) {
  const Size s = {1, 1, 2};
  const float w[] = {1 + 0x1p-9f, 1}, x[] = {1 - 0x1p-10f, 1};
  LinearWeight<float> weight(s.out, s.in, MatMulPrecision::kBfloat16, WeightStorage::kFloat16);
  weight.Pack(w);
  float y, dx[2];
  weight.Forward(1, x, &y);
  EXPECT_EQ(y, 2);
  weight.BackwardInput(1, x, dx, /*accumulate=*/false);
  EXPECT_EQ(dx[0], 1);
}

TEST(StoredLinearWeight, SameBitsForAnyThreads) {
  for (const Size& s : {Size{1, 600, 300}, Size{70, 130, 520}}) {
    for (const WeightStorage storage : kStorages) {
      for (const auto precision : {MatMulPrecision::kFull, MatMulPrecision::kBfloat16}) {
        LinearWeight<float> weight(s.out, s.in, precision, storage);
        weight.Pack(RandomFloats(s.out * s.in, 8).data());
        ExpectSameBitsForAnyThreads([&] {
          const Products products = Multiply(weight, s, /*accumulate=*/true);
          return Joined<float>({products.y, products.dx});
        });
      }
    }
  }
}

}  // namespace
}  // namespace ropewalk
