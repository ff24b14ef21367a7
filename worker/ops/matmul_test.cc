#include "worker/ops/matmul.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t m, n, k;
  Transpose transpose_a, transpose_b;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const auto ta : {Transpose::kNo, Transpose::kYes}) {
    for (const auto tb : {Transpose::kNo, Transpose::kYes}) {
      cases.push_back({1, 1, 1, ta, tb});
      cases.push_back({3, 5, 7, ta, tb});
      cases.push_back({130, 17, 33, ta, tb});
      cases.push_back({16, 192, 300, ta, tb});
      cases.push_back({257, 260, 64, ta, tb});
    }
  }
  return cases;
}

// The definition, in double precision.
std::vector<double> Expected(const Case& s, const std::vector<double>& a,
                             const std::vector<double>& b, double beta, std::vector<double> c) {
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = beta == 0 ? 0 : beta * c[i * s.n + j];
      for (int64_t l = 0; l < s.k; ++l) {
        sum += (s.transpose_a == Transpose::kYes ? a[l * s.m + i] : a[i * s.k + l]) *
               (s.transpose_b == Transpose::kYes ? b[j * s.k + l] : b[l * s.n + j]);
      }
      c[i * s.n + j] = sum;
    }
  }
  return c;
}

template <typename T>
void ExpectProduct(const Case& s, double tolerance) {
  const auto a = RandomDoubles(s.m * s.k, 1), b = RandomDoubles(s.k * s.n, 2);
  const auto c = RandomDoubles(s.m * s.n, 3);
  for (const double beta : {0.0, 1.0, -0.5}) {
    std::vector<T> actual = beta == 0 ? Poisoned<T>(s.m * s.n) : Convert<T>(c);
    MatMul<T>(s.m, s.n, s.k, Convert<T>(a).data(), s.transpose_a, Convert<T>(b).data(),
              s.transpose_b, static_cast<T>(beta), actual.data());
    ExpectClose(actual, Expected(s, a, b, beta, c), tolerance);
  }
}

TEST(MatMul, IsTheDefinition) {
  for (const Case& s : Cases()) {
    ExpectProduct<double>(s, 1e-13);
    ExpectProduct<float>(s, 1e-5);
  }
}

TEST(MatMul, AnEmptySumIsZero) {
  std::vector<float> c = Poisoned<float>(6);
  MatMul<float>(2, 3, 0, nullptr, Transpose::kNo, nullptr, Transpose::kNo, 0.0f, c.data());
  EXPECT_EQ(c, std::vector<float>(6, 0.0f));
}

TEST(MatMul, NoRowsAreNoWork) {
  const std::vector<float> b(6);
  MatMul<float>(0, 3, 2, nullptr, Transpose::kNo, b.data(), Transpose::kNo, 0.0f, nullptr);
}

TEST(MatMul, SameBitsForAnyThreads) {
  std::vector<Case> cases = Cases();
  // Long sums with small results, as in the gradients of LoRA's factors.
  cases.push_back({192, 16, 2048, Transpose::kYes, Transpose::kNo});
  cases.push_back({16, 192, 2048, Transpose::kYes, Transpose::kNo});
  cases.push_back({512, 16, 1501, Transpose::kYes, Transpose::kNo});
  for (const Case& s : cases) {
    const auto a = RandomFloats(s.m * s.k, 1), b = RandomFloats(s.k * s.n, 2);
    ExpectSameBitsForAnyThreads([&] {
      std::vector<float> c(s.m * s.n, 1.0f);
      MatMul<float>(s.m, s.n, s.k, a.data(), s.transpose_a, b.data(), s.transpose_b, 1.0f,
                    c.data());
      return c;
    });
  }
}

}  // namespace
}  // namespace ropewalk
