#include "worker/ops/attention.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/attention_testing.h"

namespace ropewalk {
namespace {

using Case = AttentionCase;

std::vector<Case> Cases() {
  return {
      {{1, 1, 1, 1.0}, {0, 1}},                  // one token
      {{2, 2, 3, 0.7}, {0, 4, 5, 5, 9}},         // several documents, one of one token, one empty
      {{4, 2, 8, 0.35}, {0, 3, 20}},             // two queries share a key
      {{6, 1, 10, 0.3}, {0, 37}},                // all queries share a key
      {{2, 1, 32, 0.18}, {0, 45, 50, 120}},      // longer than any block
      {{2, 1, 4, 0.5, 1}, {0, 5, 9}},            // each token sees itself alone
      {{2, 2, 3, 0.7, 3}, {0, 2, 5, 15}},        // a window, documents shorter and longer than it
      {{2, 1, 32, 0.18, 37}, {0, 45, 50, 120}},  // a window longer than a block
  };
}

template <typename T>
struct Inputs {
  explicit Inputs(const Case& c)
      : q(Convert<T>(RandomDoubles(c.q_size(), 1))),
        k(Convert<T>(RandomDoubles(c.kv_size(), 2))),
        v(Convert<T>(RandomDoubles(c.kv_size(), 3))),
        dout(Convert<T>(RandomDoubles(c.q_size(), 4))) {}
  std::vector<T> q, k, v, dout;
};

template <typename T>
struct Outputs {
  explicit Outputs(const Case& c)
      : out(Poisoned<T>(c.q_size())),
        log_sum(Poisoned<T>(c.rows() * c.shape.heads)),
        dq(Poisoned<T>(c.q_size())),
        dk(Poisoned<T>(c.kv_size())),
        dv(Poisoned<T>(c.kv_size())) {}
  std::vector<T> All() const { return Joined<T>({out, log_sum, dq, dk, dv}); }
  std::vector<T> out, log_sum, dq, dk, dv;
};

template <typename T>
void Forward(const Case& c, const Inputs<T>& in, Outputs<T>* out) {
  AttentionForward(c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(), out->out.data(),
                   out->log_sum.data());
}

template <typename T>
Outputs<T> RunOp(const Case& c, const Inputs<T>& in) {
  Outputs<T> out(c);
  Forward(c, in, &out);
  AttentionBackward(c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(), out.out.data(),
                    out.log_sum.data(), in.dout.data(), out.dq.data(), out.dk.data(),
                    out.dv.data());
  return out;
}

// The definition for one query: row i of a document that begins at `start`, head h.
std::vector<double> Attended(const Case& c, const Inputs<double>& in, int64_t start, int64_t i,
                             int64_t h) {
  const auto& [heads, kv_heads, dim, scale, window] = c.shape;
  const int64_t kv_head = h / (heads / kv_heads);
  double sum = 0;
  std::vector<double> attended(dim, 0.0);
  const int64_t first = window > 0 ? std::max(start, i + 1 - window) : start;
  for (int64_t j = first; j <= i; ++j) {
    double score = 0;
    for (int64_t d = 0; d < dim; ++d) {
      score += in.q[(i * heads + h) * dim + d] * in.k[(j * kv_heads + kv_head) * dim + d];
    }
    const double weight = std::exp(scale * score);
    sum += weight;
    for (int64_t d = 0; d < dim; ++d) {
      attended[d] += weight * in.v[(j * kv_heads + kv_head) * dim + d];
    }
  }
  for (double& a : attended) a /= sum;
  return attended;
}

TEST(Attention, IsTheDefinition) {
  for (const Case& c : Cases()) {
    const Inputs<double> in(c);
    Outputs<double> out(c);
    Forward(c, in, &out);
    std::vector<double> expected;
    for (size_t document = 0; document + 1 < c.starts.size(); ++document) {
      for (int64_t i = c.starts[document]; i < c.starts[document + 1]; ++i) {
        for (int64_t h = 0; h < c.shape.heads; ++h) {
          const auto row = Attended(c, in, c.starts[document], i, h);
          expected.insert(expected.end(), row.begin(), row.end());
        }
      }
    }
    ExpectClose(out.out, expected, 1e-12);
  }
}

TEST(Attention, GradientsAreThoseOfTheForwardPass) {
  for (const Case& c : Cases()) {
    Inputs<double> in(c);
    const Outputs<double> out = RunOp(c, in);
    const auto loss = [&] {
      Outputs<double> moved(c);
      Forward(c, in, &moved);
      return WeightedSum(in.dout, moved.out);
    };
    ExpectGradient("q", in.q, out.dq, loss);
    ExpectGradient("k", in.k, out.dk, loss);
    ExpectGradient("v", in.v, out.dv, loss);
  }
}

TEST(Attention, FloatAgreesWithDouble) {
  for (const Case& c : Cases()) {
    ExpectClose(RunOp(c, Inputs<float>(c)).All(), RunOp(c, Inputs<double>(c)).All(), 5e-6);
  }
}

TEST(Attention, LargeScoresDoNotOverflow) {
  const Case c = {{1, 1, 4, 1.0}, {0, 40}};
  Inputs<float> in(c);
  for (float& q : in.q) q *= 100.0f;
  for (const float x : RunOp(c, in).All()) ASSERT_TRUE(std::isfinite(x));
}

TEST(Attention, ADocumentDoesNotSeeItsNeighbours) {
  const Case together = {{2, 1, 8, 0.5}, {0, 7, 20}}, alone = {{2, 1, 8, 0.5}, {0, 7}};
  const Inputs<float> in(together);
  Inputs<float> first(alone);
  std::copy_n(in.q.begin(), first.q.size(), first.q.begin());
  std::copy_n(in.k.begin(), first.k.size(), first.k.begin());
  std::copy_n(in.v.begin(), first.v.size(), first.v.begin());
  Outputs<float> packed(together), single(alone);
  Forward(together, in, &packed);
  Forward(alone, first, &single);
  EXPECT_TRUE(std::equal(single.out.begin(), single.out.end(), packed.out.begin()));
}

TEST(Attention, SameBitsForAnyThreads) {
  for (const Case& c : Cases()) {
    const Inputs<float> in(c);
    ExpectSameBitsForAnyThreads([&] { return RunOp(c, in).All(); });
  }
}

template <typename T>
void ExpectDecodeGivesTheLastRow(const Case& c, double tolerance) {
  const Inputs<T> in(c);
  Outputs<T> out(c);
  Forward(c, in, &out);
  const int64_t q_row = c.shape.heads * c.shape.head_dim;
  const int64_t kv_row = c.shape.kv_heads * c.shape.head_dim;
  std::vector<int64_t> lengths;
  std::vector<const T*> keys, values;
  std::vector<T> q, expected;
  for (size_t document = 0; document + 1 < c.starts.size(); ++document) {
    const int64_t end = c.starts[document + 1];
    if (c.starts[document] == end) continue;
    const int64_t window = c.shape.window > 0 ? c.shape.window : end;
    const int64_t start = std::max<int64_t>(c.starts[document], end - window);
    lengths.push_back(end - start);
    keys.push_back(&in.k[start * kv_row]);
    values.push_back(&in.v[start * kv_row]);
    q.insert(q.end(), &in.q[(end - 1) * q_row], &in.q[(end - 1) * q_row] + q_row);
    expected.insert(expected.end(), &out.out[(end - 1) * q_row],
                    &out.out[(end - 1) * q_row] + q_row);
  }
  auto decoded = Poisoned<T>(q.size());
  AttentionDecode<T>(c.shape, lengths, q.data(), keys, values, decoded.data());
  ExpectClose(decoded, {expected.begin(), expected.end()}, tolerance);
}

TEST(Attention, DecodingGivesTheLastRowOfEachDocument) {
  for (const Case& c : Cases()) {
    ExpectDecodeGivesTheLastRow<double>(c, 1e-12);
    ExpectDecodeGivesTheLastRow<float>(c, 2e-6);
  }
}

TEST(Attention, DecodingBfloat16IsThatOfDoublesToItsRounding) {
  const AttentionShape shape = {4, 2, 20, 0.22};
  const std::vector<int64_t> lengths = {1, 70};
  const auto rounded = [](int64_t n, uint64_t seed) {
    std::vector<Bfloat16> x;
    for (const double d : RandomDoubles(n, seed)) x.push_back(Narrow<Bfloat16>(d));
    return x;
  };
  const auto widened = [](const std::vector<Bfloat16>& x) {
    std::vector<double> wide;
    for (const Bfloat16 element : x) wide.push_back(Widen(element));
    return wide;
  };
  const auto q = rounded(2 * 4 * 20, 1), k = rounded(70 * 2 * 20, 2), v = rounded(70 * 2 * 20, 3);
  const auto wide_q = widened(q), wide_k = widened(k), wide_v = widened(v);
  std::vector<Bfloat16> out(q.size());
  std::vector<double> expected(q.size());
  AttentionDecode<Bfloat16>(shape, lengths, q.data(), {k.data(), k.data()}, {v.data(), v.data()},
                            out.data());
  AttentionDecode<double>(shape, lengths, wide_q.data(), {wide_k.data(), wide_k.data()},
                          {wide_v.data(), wide_v.data()}, expected.data());
  ExpectClose(widened(out), expected, 1.01 / 512);
}

}  // namespace
}  // namespace ropewalk
