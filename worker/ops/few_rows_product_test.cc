#include "worker/ops/few_rows_product.h"

#include <gtest/gtest.h>

#include <cstring>
#include <type_traits>

#include "worker/ops/block_sinks.h"
#include "worker/ops/matrix_panels.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows, out, in;
};

// Some with ends that are no tiles, some of several steps, two with more depth than is summed at
// once for three planes and for one.
const Case kCases[] = {{1, 1, 1},      {3, 33, 7},    {16, 64, 896},  {7, 48, 200},
                       {16, 90, 1536}, {5, 40, 2500}, {16, 32, 7000}, {2, 3000, 64}};

constexpr WeightStorage kStorages[] = {WeightStorage::kFloat32, WeightStorage::kBfloat16,
                                       WeightStorage::kFloat16, WeightStorage::kInt8,
                                       WeightStorage::kNf4};

template <typename T>
std::vector<T> Numbers(int64_t n, uint64_t seed) {
  return Convert<T>(RandomDoubles(n, seed));
}

template <typename T>
LeftFactor<T> Left(const std::vector<T>& x, int64_t stride, int planes) {
  return {x.data(), stride, std::is_same_v<T, Bfloat16> ? 1 : planes};
}

// A term of rank 5, with memory of its own.
struct LowRank {
  LowRank(int64_t row_count, int64_t columns, int planes) {
    constexpr int64_t kRank = 5;
    const auto u = RandomFloats(row_count * kRank, 8), v = RandomFloats(kRank * columns, 9);
    rows = {nullptr, row_count, kRank, planes};
    room.resize(rows.size());
    rows.values = room.data();
    for (int64_t i = 0; i < row_count; ++i) {
      SplitPlanes(kRank, &u[i * kRank], planes, rows.plane(), rows.values + i * rows.stride());
    }
    panels.resize((columns + kTile - 1) / kTile * PanelSize(kRank, planes));
    PackPanels(kRank, columns, v.data(), columns, planes, panels.data());
  }

  LowRankTerm Term() const { return {rows, panels.data()}; }

  LowRankRows rows;
  std::vector<Bfloat16> room, panels;
};

template <typename T>
void ExpectPanelProductsBits(const Case& s, const StoredMatrix& w, int planes,
                             const LowRankTerm& term) {
  SCOPED_TRACE(testing::Message() << s.rows << " x " << s.out << " x " << s.in << ", planes "
                                  << planes << ", storage " << static_cast<int>(w.storage()));
  const auto x = Numbers<T>(s.rows * s.in, 1);
  const int w_planes = PlanesOf(w, planes == 1);
  const auto before = RandomFloats(s.rows * s.out, 3);
  std::vector<float> expected = before, y = before;
  PanelProduct<T>(
      {s.rows, s.out, s.in}, Left(x, s.in, planes), w_planes,
      [&](int64_t column, int64_t columns, int64_t first, int64_t count, Bfloat16* panels) {
        PackOutputs(w, w_planes, column, columns, first, count, panels);
      },
      BlockSink<float>{expected.data(), s.out, /*accumulate=*/true}, term);
  FewRowsProduct<T>(s.rows, Left(x, s.in, planes), w, w_planes,
                    BlockSink<float>{y.data(), s.out, /*accumulate=*/true}, term);
  EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)), 0);
}

TEST(FewRowsProduct, HasPanelProductsBits) {
  for (const int threads : {1, 2}) {
    SetThreads(threads);
    for (const Case& s : kCases) {
      const auto values = RandomFloats(s.out * s.in, 2);
      for (const WeightStorage storage : kStorages) {
        const auto w = StoreMatrix(storage, s.out, s.in, values.data());
        for (const int planes : {1, kMaxPlanes}) {
          const LowRank low_rank(s.rows, s.out, planes);
          ExpectPanelProductsBits<float>(s, *w, planes, {});
          ExpectPanelProductsBits<float>(s, *w, planes, low_rank.Term());
        }
        ExpectPanelProductsBits<Bfloat16>(s, *w, 1, LowRank(s.rows, s.out, 1).Term());
      }
    }
  }
  SetThreads(1);
}

}  // namespace
}  // namespace ropewalk
