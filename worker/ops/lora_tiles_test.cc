#include "worker/ops/lora_tiles.h"

#include <gtest/gtest.h>

#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows;
  LoraShape shape;
};

const Case kCases[] = {
    {1, {1, 1, 1, 2.0}},       {5, {7, 3, 2, 0.5}},        {130, {33, 48, 16, 2.0}},
    {256, {64, 320, 8, 1.0}},  {300, {288, 97, 40, 0.25}}, {513, {96, 576, 16, 2.0}},
    {600, {192, 64, 64, 0.5}},
};

template <typename T>
constexpr int kPlanes = std::is_same_v<T, Bfloat16> ? 1 : kMaxPlanes;

// A matrix as planes, and zeros beyond its rank.
class RowsOfPlanes {
 public:
  RowsOfPlanes(int64_t rows, int64_t rank, int planes)
      : rows_{nullptr, rows, rank, planes}, values_(rows_.size()) {
    rows_.values = values_.data();
  }

  const LowRankRows& get() const { return rows_; }

  std::vector<double> Sums() const {
    std::vector<double> sums(rows_.rows * rows_.rank);
    for (int64_t i = 0; i < rows_.rows * rows_.rank; ++i) {
      for (int p = rows_.planes - 1; p >= 0; --p) {
        const int64_t at = i / rows_.rank * rows_.stride() + i % rows_.rank;
        sums[i] += FromBfloat16(values_[p * rows_.plane() + at]);
      }
    }
    return sums;
  }

 private:
  LowRankRows rows_;
  std::vector<Bfloat16> values_;
};

// What the term adds to a product of zeros.
std::vector<double> Product(int64_t rows, int64_t columns, const LowRankTerm& term) {
  std::vector<double> product(rows * columns);
  LowRankProduct(columns, term, [&](const ProductBlock& block) {
    for (int64_t i = 0; i < block.rows; ++i) {
      for (int64_t j = 0; j < block.columns; ++j) {
        product[(block.row + i) * columns + block.column + j] = block.values[i * kTile + j];
      }
    }
  });
  return product;
}

struct Outputs {
  std::vector<double> xa, y, da, db, dx;

  std::vector<float> All() const { return Convert<float>(Joined<double>({xa, y, da, db, dx})); }
};

template <typename T>
Outputs RunTiles(const Case& c) {
  const auto& [in, out, rank, scale] = c.shape;
  const std::vector<T> x = Convert<T>(RandomShortDoubles(c.rows * in, 1)),
                       dy = Convert<T>(RandomShortDoubles(c.rows * out, 5));
  const std::vector<float> a = Convert<float>(RandomShortDoubles(rank * in, 2));
  const std::vector<float> b = Convert<float>(RandomShortDoubles(out * rank, 3));
  const RowsOfPlanes xa(c.rows, rank, kPlanes<T>), g(c.rows, rank, kPlanes<T>);
  std::vector<Bfloat16> panels(TermPanelsSize(std::max(in, out), rank, kPlanes<T>));
  // Gradients are added to what is there.
  std::vector<float> da(a.size(), 1), db(b.size(), 1);
  Outputs o;
  o.y = Product(c.rows, out,
                LoraForwardTerm<T>(c.shape, x.data(), a.data(), b.data(), xa.get(), panels.data()));
  o.xa = xa.Sums();
  o.dx = Product(c.rows, in,
                 LoraBackwardTerm<T>(c.shape, xa.get(), dy.data(), a.data(), b.data(), g.get(),
                                     panels.data(), db.data()));
  AddLoraInputGradient<T>(c.shape, x.data(), g.get(), da.data());
  o.da = {da.begin(), da.end()};
  o.db = {db.begin(), db.end()};
  return o;
}

Outputs RunPlain(const Case& c) {
  const auto& [in, out, rank, scale] = c.shape;
  const std::vector<double> x = RandomShortDoubles(c.rows * in, 1),
                            dy = RandomShortDoubles(c.rows * out, 5);
  const std::vector<double> a = RandomShortDoubles(rank * in, 2),
                            b = RandomShortDoubles(out * rank, 3);
  std::vector<double> workspace(c.rows * rank);
  Outputs o = {std::vector<double>(c.rows * rank), std::vector<double>(c.rows * out),
               std::vector<double>(a.size(), 1), std::vector<double>(b.size(), 1),
               std::vector<double>(c.rows * in)};
  LoraForward(c.shape, c.rows, x.data(), a.data(), b.data(), o.xa.data(), o.y.data());
  LoraBackward(c.shape, c.rows, x.data(), o.xa.data(), dy.data(), a.data(), b.data(),
               workspace.data(), o.da.data(), o.db.data(), o.dx.data());
  return o;
}

template <typename T>
void ExpectAgrees(const Case& c, double tolerance) {
  SCOPED_TRACE(testing::Message() << c.rows << " rows, " << c.shape.in << " -> " << c.shape.rank
                                  << " -> " << c.shape.out);
  const Outputs tiles = RunTiles<T>(c), plain = RunPlain(c);
  ExpectClose(tiles.xa, plain.xa, tolerance);
  ExpectClose(tiles.y, plain.y, tolerance);
  ExpectClose(tiles.da, plain.da, tolerance);
  ExpectClose(tiles.db, plain.db, tolerance);
  ExpectClose(tiles.dx, plain.dx, tolerance);
}

TEST(LoraTiles, AgreeWithTheFormulasInFloat32) {
  for (const Case& c : kCases) ExpectAgrees<float>(c, 1e-5);
}

TEST(LoraTiles, AgreeWithTheFormulasInBfloat16) {
  for (const Case& c : kCases) ExpectAgrees<Bfloat16>(c, 1e-2);
}

TEST(LoraTiles, SameBitsForAnyThreads) {
  for (const Case& c : kCases) {
    ExpectSameBitsForAnyThreads([&] { return RunTiles<float>(c).All(); });
    ExpectSameBitsForAnyThreads([&] { return RunTiles<Bfloat16>(c).All(); });
  }
}

}  // namespace
}  // namespace ropewalk
