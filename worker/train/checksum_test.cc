#include "worker/train/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

std::vector<int32_t> Noise(int n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> x(n);
  for (int32_t& value : x) value = static_cast<int32_t>(random());
  return x;
}

TEST(LinearChecksum, OfASumIsTheSumOfChecksums) {
  const std::vector<int32_t> a = Noise(1000, 1), b = Noise(1000, 2);
  std::vector<int32_t> sum(1000);
  for (int i = 0; i < 1000; ++i)
    sum[i] = static_cast<int32_t>(static_cast<uint32_t>(a[i]) + static_cast<uint32_t>(b[i]));
  const LinearChecksum of_a = ChecksumOf(a), of_b = ChecksumOf(b), of_sum = ChecksumOf(sum);
  EXPECT_EQ(of_sum.sum, of_a.sum + of_b.sum);
  EXPECT_EQ(of_sum.weighted_sum, of_a.weighted_sum + of_b.weighted_sum);
}

TEST(LinearChecksum, ShowsEveryFlippedBit) {
  std::vector<int32_t> x = Noise(50, 3);
  const LinearChecksum original = ChecksumOf(x);
  for (int i = 0; i < 50; ++i) {
    for (int bit = 0; bit < 32; ++bit) {
      x[i] ^= static_cast<int32_t>(1u << bit);
      const LinearChecksum changed = ChecksumOf(x);
      EXPECT_NE(changed.sum, original.sum);
      EXPECT_NE(changed.weighted_sum, original.weighted_sum);
      x[i] ^= static_cast<int32_t>(1u << bit);
    }
  }
}

TEST(LinearChecksum, ShowsASwap) {
  std::vector<int32_t> x = Noise(50, 4);
  const LinearChecksum original = ChecksumOf(x);
  std::swap(x[3], x[30]);
  EXPECT_FALSE(ChecksumOf(x) == original);
}

TEST(LinearChecksum, WeighsElementsByTheirPlaceForAnySizeAndNumberOfThreads) {
  for (const int n : {0, 1, 17, 4096, 10001}) {
    const std::vector<int32_t> x = Noise(n, 5);
    LinearChecksum expected;
    for (int i = 0; i < n; ++i) {
      expected.sum += static_cast<uint32_t>(x[i]);
      expected.weighted_sum += static_cast<uint32_t>(2 * i + 1) * static_cast<uint32_t>(x[i]);
    }
    for (const int threads : {1, 2, 3}) {
      SetThreads(threads);
      EXPECT_TRUE(ChecksumOf(x) == expected) << n << " elements, " << threads << " threads";
    }
  }
  SetThreads(1);
}

}  // namespace
}  // namespace ropewalk
