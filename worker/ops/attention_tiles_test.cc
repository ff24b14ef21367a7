#include "worker/ops/attention_tiles.h"

#include <gtest/gtest.h>

#include "worker/ops/attention_rows.h"
#include "worker/ops/ops_testing.h"
#include "worker/tensor/element.h"

namespace ropewalk {
namespace {

struct Case {
  AttentionShape shape;
  std::vector<int32_t> starts;

  int64_t rows() const { return starts.back(); }
  int64_t q_size() const { return rows() * shape.heads * shape.head_dim; }
  int64_t kv_size() const { return rows() * shape.kv_heads * shape.head_dim; }
};

std::vector<Case> Cases() {
  return {
      {{1, 1, 8, 0.35}, {0, 1}},                       // one token
      {{2, 2, 64, 0.125}, {0, 4, 5, 5, 37}},           // short documents, an empty one
      {{6, 2, 64, 0.125}, {0, 32, 96, 97}},            // whole tiles, three queries share a key
      {{3, 1, 80, 0.11}, {0, 70, 105}},                // a head that is no number of tiles
      {{4, 2, 10, 0.3}, {0, 33, 98}},                  // one of less than a tile
      {{2, 1, 128, 0.09}, {0, 300}},                   // longer than a block of keys
      {{2, 1, 8, 0.35}, {0, 257, 290, 400, 529}},      // one past a block
      {{1, 1, 64, 0.125, 1}, {0, 70}},                 // each token sees itself alone
      {{2, 1, 8, 0.35, 33}, {0, 20, 120, 290}},        // a window of one past a tile
      {{2, 2, 64, 0.125, 100}, {0, 300, 333}},         // one of several tiles
      {{4, 4, 8, 0.35, 64}, {0, 100, 101, 150, 400}},  // one of whole tiles
      {{8, 1, 2, 0.7, 300}, {0, 290}},                 // one that no document reaches
  };
}

std::vector<const TileKernel*> Kernels() {
  std::vector<const TileKernel*> kernels = {&kPlainTileKernel};
  for (const TileKernel* kernel : {&kAvx512TileKernel, &kAmxTileKernel}) {
    if (kernel->is_supported()) kernels.push_back(kernel);
  }
  return kernels;
}

template <typename T>
std::vector<T> Rounded(int64_t n, uint64_t seed) {
  std::vector<T> rounded;
  for (const double x : RandomDoubles(n, seed)) rounded.push_back(Narrow<T>(x));
  return rounded;
}

template <typename T>
std::vector<double> Widened(const std::vector<T>& x) {
  std::vector<double> wide;
  for (const T element : x) wide.push_back(Widen(element));
  return wide;
}

template <typename T>
struct Inputs {
  std::vector<T> q, k, v, dout;
};

template <typename T>
Inputs<T> InputsOf(const Case& c) {
  return {Rounded<T>(c.q_size(), 1), Rounded<T>(c.kv_size(), 2), Rounded<T>(c.kv_size(), 3),
          Rounded<T>(c.q_size(), 4)};
}

// An output before it is written is NaN, in Bfloat16, too.
template <typename T>
std::vector<T> Unwritten(int64_t n) {
  return std::vector<T>(n, Narrow<T>(std::numeric_limits<Wide<T>>::quiet_NaN()));
}

template <typename T>
struct Outputs {
  explicit Outputs(const Case& c)
      : out(Unwritten<T>(c.q_size())),
        dq(out),
        dk(Unwritten<T>(c.kv_size())),
        dv(dk),
        log_sum(Poisoned<Wide<T>>(c.rows() * c.shape.heads)) {}
  std::vector<T> out, dq, dk, dv;
  std::vector<Wide<T>> log_sum;

  std::vector<float> All() const {
    std::vector<float> all(log_sum.begin(), log_sum.end());
    for (const std::vector<T>* part : {&out, &dq, &dk, &dv}) {
      for (const T x : *part) all.push_back(Widen(x));
    }
    return all;
  }
};

template <typename T>
Outputs<T> RunTiles(const TileKernel& kernel, const Case& c, const Inputs<T>& in) {
  Outputs<T> o(c);
  TileAttentionForward(kernel, c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(),
                       o.out.data(), o.log_sum.data());
  TileAttentionBackward(kernel, c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(),
                        o.out.data(), o.log_sum.data(), in.dout.data(), o.dq.data(), o.dk.data(),
                        o.dv.data());
  return o;
}

template <typename T>
Outputs<double> RunReference(const Case& c, const Inputs<T>& in) {
  const Inputs<double> wide = {Widened(in.q), Widened(in.k), Widened(in.v), Widened(in.dout)};
  Outputs<double> o(c);
  RowAttentionForward(c.shape, c.starts, wide.q.data(), wide.k.data(), wide.v.data(), o.out.data(),
                      o.log_sum.data());
  RowAttentionBackward(c.shape, c.starts, wide.q.data(), wide.k.data(), wide.v.data(), o.out.data(),
                       o.log_sum.data(), wide.dout.data(), o.dq.data(), o.dk.data(), o.dv.data());
  return o;
}

template <typename T>
void ExpectAgreementWithDouble(double tolerance, double log_tolerance) {
  for (const TileKernel* kernel : Kernels()) {
    for (const Case& c : Cases()) {
      SCOPED_TRACE(testing::Message() << kernel->name << ", head " << c.shape.head_dim
                                      << ", window " << c.shape.window << ", rows " << c.rows());
      const Inputs<T> in = InputsOf<T>(c);
      const Outputs<T> actual = RunTiles(*kernel, c, in);
      const Outputs<double> expected = RunReference(c, in);
      ExpectClose(actual.log_sum, expected.log_sum, log_tolerance);
      ExpectClose(Widened(actual.out), expected.out, tolerance);
      ExpectClose(Widened(actual.dq), expected.dq, tolerance);
      ExpectClose(Widened(actual.dk), expected.dk, tolerance);
      ExpectClose(Widened(actual.dv), expected.dv, tolerance);
    }
  }
}

TEST(TileAttention, FloatAgreesWithDouble) { ExpectAgreementWithDouble<float>(5e-6, 5e-6); }

// Rounding to bfloat16 takes up to 2^-9 of a number: of the result, of the probabilities that it is
// made of, of their gradients, and of the result of the forward pass that those are made of.
TEST(TileAttention, Bfloat16AgreesWithDoubleToItsRounding) {
  ExpectAgreementWithDouble<Bfloat16>(4.0 / 512, 1e-4);
}

// How work is cut does not depend on the kernel.
template <typename T>
void ExpectSameBits() {
  for (const Case& c : Cases()) {
    const Inputs<T> in = InputsOf<T>(c);
    ExpectSameBitsForAnyThreads([&] { return RunTiles(BestTileKernel(), c, in).All(); });
  }
}

TEST(TileAttention, SameBitsForAnyThreads) {
  ExpectSameBits<float>();
  ExpectSameBits<Bfloat16>();
}

TEST(TileAttention, LargeScoresDoNotOverflow) {
  const Case c = {{2, 1, 8, 1.0, 40}, {0, 100}};
  for (const TileKernel* kernel : Kernels()) {
    Inputs<float> in = InputsOf<float>(c);
    for (float& q : in.q) q *= 1000.0f;
    for (const float x : RunTiles(*kernel, c, in).All()) ASSERT_TRUE(std::isfinite(x));
  }
}

}  // namespace
}  // namespace ropewalk
