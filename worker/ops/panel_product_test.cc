#include "worker/ops/panel_product.h"

#include <gtest/gtest.h>

#include "worker/ops/block_sinks.h"
#include "worker/ops/ops_testing.h"
#include "worker/ops/transposed_product.h"

namespace ropewalk {
namespace {

// Some with ends that are no tiles, one with more depth than is summed at once.
const ProductShape kShapes[] = {
    {1, 1, 1}, {33, 65, 7}, {64, 96, 896}, {70, 520, 64}, {40, 33, 7000}};

// a [rows, depth] times b [depth, columns].
std::vector<double> Product(const ProductShape& s, const std::vector<float>& a,
                            const std::vector<float>& b) {
  std::vector<double> c(s.rows * s.columns);
  for (int64_t i = 0; i < s.rows; ++i) {
    for (int64_t k = 0; k < s.depth; ++k) {
      for (int64_t j = 0; j < s.columns; ++j) {
        c[i * s.columns + j] += double{a[i * s.depth + k]} * b[k * s.columns + j];
      }
    }
  }
  return c;
}

std::vector<float> Rounded(std::vector<float> x) {
  for (float& value : x) value = FromBfloat16(ToBfloat16(value));
  return x;
}

std::vector<Bfloat16> AsBfloat16(const std::vector<float>& x) {
  std::vector<Bfloat16> rounded(x.size());
  SplitPlanes(x.size(), x.data(), 1, 0, rounded.data());
  return rounded;
}

std::vector<float> InPlanes(const ProductShape& s, const std::vector<float>& a,
                            const std::vector<float>& b, const LowRankTerm& term = {}) {
  auto c = Poisoned<float>(s.rows * s.columns);
  PanelProduct<float>(
      s, {a.data(), s.depth, kMaxPlanes}, kMaxPlanes,
      [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
        PackPanels(count, columns, &b[first * s.columns + column], s.columns, kMaxPlanes, panels);
      },
      BlockSink<float>{c.data(), s.columns, /*accumulate=*/false}, term);
  return c;
}

// What is left of float32 sums of thousands of terms, one after another, as the plain kernel takes
// them; a single plane would be off by a thousand times as much.
constexpr double kOfFloat32Sums = 8e-6;

TEST(PanelProduct, ThreePlanesAreAsExactAsFloat32) {
  for (const ProductShape& s : kShapes) {
    const auto a = RandomFloats(s.rows * s.depth, 1), b = RandomFloats(s.depth * s.columns, 2);
    ExpectClose(InPlanes(s, a, b), Product(s, a, b), kOfFloat32Sums);
  }
}

TEST(PanelProduct, ColumnsMayComeAsRows) {
  for (const ProductShape& s : kShapes) {
    const auto a = Rounded(RandomFloats(s.rows * s.depth, 1));
    const auto b = Rounded(RandomFloats(s.depth * s.columns, 2));
    std::vector<float> transposed(b.size());
    for (int64_t k = 0; k < s.depth; ++k) {
      for (int64_t j = 0; j < s.columns; ++j) transposed[j * s.depth + k] = b[k * s.columns + j];
    }
    const auto left = AsBfloat16(a), rows = AsBfloat16(transposed);
    auto c = Poisoned<float>(s.rows * s.columns);
    PanelProduct<Bfloat16>(
        s, {left.data(), s.depth}, 1,
        [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
          PackPanelsOfRows(count, columns, &rows[column * s.depth + first], s.depth, panels);
        },
        BlockSink<float>{c.data(), s.columns, /*accumulate=*/false});
    ExpectClose(c, Product(s, a, b), 3e-6);
  }
}

TEST(PanelProduct, ATermOfLowRankIsAdded) {
  const ProductShape s = {50, 70, 40};
  const int64_t rank = 5;
  const auto a = RandomFloats(s.rows * s.depth, 1), b = RandomFloats(s.depth * s.columns, 2);
  const auto u = RandomFloats(s.rows * rank, 3), v = RandomFloats(rank * s.columns, 4);
  LowRankRows rows = {nullptr, s.rows, rank, kMaxPlanes};
  std::vector<Bfloat16> room(rows.size());
  rows.values = room.data();
  for (int64_t i = 0; i < s.rows; ++i) {
    SplitPlanes(rank, &u[i * rank], kMaxPlanes, rows.plane(), rows.values + i * rows.stride());
  }
  std::vector<Bfloat16> panels((s.columns + kTile - 1) / kTile * PanelSize(rank, kMaxPlanes));
  PackPanels(rank, s.columns, v.data(), s.columns, kMaxPlanes, panels.data());
  const LowRankTerm term = {rows, panels.data()};

  const std::vector<double> added = Product({s.rows, s.columns, rank}, u, v);
  std::vector<double> expected = Product(s, a, b);
  for (size_t i = 0; i < expected.size(); ++i) expected[i] += added[i];
  ExpectClose(InPlanes(s, a, b, term), expected, 1e-6);

  auto alone = Poisoned<float>(s.rows * s.columns);
  LowRankProduct(s.columns, term, BlockSink<float>{alone.data(), s.columns, false});
  ExpectClose(alone, added, 1e-6);
}

TEST(PanelProduct, TransposedSumsOverRows) {
  for (const ProductShape& s : kShapes) {
    const auto a = RandomFloats(s.depth * s.rows, 1), b = RandomFloats(s.depth * s.columns, 2);
    std::vector<float> transposed(a.size()), c = RandomFloats(s.rows * s.columns, 3);
    for (int64_t k = 0; k < s.depth; ++k) {
      for (int64_t i = 0; i < s.rows; ++i) transposed[i * s.depth + k] = a[k * s.rows + i];
    }
    std::vector<double> expected = Product(s, transposed, b);
    for (size_t i = 0; i < expected.size(); ++i) expected[i] += c[i];
    TransposedProduct<float>(s.depth, s.rows, s.columns, a.data(), s.rows, b.data(), s.columns,
                             kMaxPlanes, BlockSink<float>{c.data(), s.columns, true});
    ExpectClose(c, expected, kOfFloat32Sums);
  }
}

TEST(PanelProduct, SameBitsForAnyThreads) {
  for (const ProductShape& s : kShapes) {
    const auto a = RandomFloats(s.rows * s.depth, 1), b = RandomFloats(s.depth * s.columns, 2);
    ExpectSameBitsForAnyThreads([&] { return InPlanes(s, a, b); });
  }
}

}  // namespace
}  // namespace ropewalk
