#include "worker/ops/tile_product.h"

#include <gtest/gtest.h>

#include <cstring>

#include "worker/ops/ops_testing.h"
#include "worker/ops/panels.h"

namespace ropewalk {
namespace {

std::vector<Bfloat16> RandomBfloat16(int64_t n, uint64_t seed) {
  const std::vector<float> x = RandomFloats(n, seed);
  std::vector<Bfloat16> rounded(n);
  SplitPlanes(n, x.data(), 1, 0, rounded.data());
  return rounded;
}

// One factor pair, as a kernel wants it and as it is.
struct Term {
  explicit Term(int64_t depth, uint64_t seed)
      : depth(depth),
        a(RandomBfloat16(kTile * depth, seed)),
        b(RandomBfloat16(depth * kTile, seed + 1)),
        panel(PanelSize(depth, 1)) {
    PackPanels(depth, kTile, b.data(), kTile, panel.data());
  }

  TileTerm AsTile() const { return {depth, a.data(), depth, panel.data()}; }

  void AddTo(std::vector<double>* c) const {
    for (int64_t i = 0; i < kTile; ++i) {
      for (int64_t j = 0; j < kTile; ++j) {
        for (int64_t k = 0; k < depth; ++k) {
          (*c)[i * kTile + j] +=
              double{FromBfloat16(a[i * depth + k])} * FromBfloat16(b[k * kTile + j]);
        }
      }
    }
  }

  const int64_t depth;
  const std::vector<Bfloat16> a, b;
  std::vector<Bfloat16> panel;
};

TEST(TileKernel, EveryOneSumsItsTerms) {
  const Term first(64, 1), second(32, 3);
  for (const TileKernel* kernel : {&kAmxTileKernel, &kAvx512TileKernel, &kPlainTileKernel}) {
    if (!kernel->is_supported()) continue;
    SCOPED_TRACE(kernel->name);
    const TileSession session(*kernel);
    for (const bool accumulate : {false, true}) {
      for (const int64_t rows : {int64_t{1}, int64_t{16}, int64_t{17}, kTile}) {
        std::vector<double> expected(kTile * kTile, accumulate ? 0.5 : 0.0);
        first.AddTo(&expected);
        second.AddTo(&expected);
        std::vector<float> c(kTile * kTile, 0.5f);
        const TileTerm terms[] = {first.AsTile(), second.AsTile()};
        kernel->multiply(absl::MakeConstSpan(terms, 2), rows, accumulate, c.data(), kTile);
        expected.resize(rows * kTile);
        c.resize(rows * kTile);
        ExpectClose(c, expected, 1e-6);
      }
    }
  }
}

TEST(TileKernel, HalfAProductHasTheSameBits) {
  const Term first(64, 1), second(32, 3);
  const TileTerm terms[] = {first.AsTile(), second.AsTile()};
  for (const TileKernel* kernel : {&kAmxTileKernel, &kAvx512TileKernel, &kPlainTileKernel}) {
    if (!kernel->is_supported()) continue;
    SCOPED_TRACE(kernel->name);
    const TileSession session(*kernel);
    for (const bool accumulate : {false, true}) {
      for (const int64_t rows : {int64_t{1}, int64_t{16}, int64_t{17}, kTile}) {
        std::vector<float> whole(kTile * kTile, 0.5f), half = whole;
        kernel->multiply(absl::MakeConstSpan(terms, 2), rows, accumulate, whole.data(), kTile);
        kernel->multiply_half(absl::MakeConstSpan(terms, 2), rows, accumulate, half.data(), kTile);
        for (int64_t i = 0; i < rows; ++i) {
          EXPECT_EQ(std::memcmp(&half[i * kTile], &whole[i * kTile], kTile / 2 * sizeof(float)), 0);
        }
      }
    }
  }
}

TEST(TileKernel, TheBestOneIsSupported) { EXPECT_TRUE(BestTileKernel().is_supported()); }

}  // namespace
}  // namespace ropewalk
