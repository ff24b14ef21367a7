#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "worker/ops/attention.h"
#include "worker/ops/attention_rows.h"
#include "worker/ops/ops_testing.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// What tests of the ways to compute attention share: batches, and what is to come out.

// A batch of documents.
struct AttentionCase {
  AttentionShape shape;
  std::vector<int32_t> starts;

  int64_t rows() const { return starts.back(); }
  int64_t q_size() const { return rows() * shape.heads * shape.head_dim; }
  int64_t kv_size() const { return rows() * shape.kv_heads * shape.head_dim; }
};

inline std::vector<AttentionCase> AttentionCases() {
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

template <typename T>
std::vector<double> Widened(const std::vector<T>& x) {
  std::vector<double> wide;
  for (const T element : x) wide.push_back(Widen(element));
  return wide;
}

template <typename T>
struct AttentionInputs {
  std::vector<T> q, k, v, dout;
};

template <typename T>
AttentionInputs<T> AttentionInputsOf(const AttentionCase& c) {
  return {Convert<T>(RandomDoubles(c.q_size(), 1)), Convert<T>(RandomDoubles(c.kv_size(), 2)),
          Convert<T>(RandomDoubles(c.kv_size(), 3)), Convert<T>(RandomDoubles(c.q_size(), 4))};
}

template <typename T>
struct AttentionOutputs {
  explicit AttentionOutputs(const AttentionCase& c)
      : out(Poisoned<T>(c.q_size())),
        dq(out),
        dk(Poisoned<T>(c.kv_size())),
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

// In double.
template <typename T>
AttentionOutputs<double> RunReferenceAttention(const AttentionCase& c,
                                               const AttentionInputs<T>& in) {
  const AttentionInputs<double> wide = {Widened(in.q), Widened(in.k), Widened(in.v),
                                        Widened(in.dout)};
  AttentionOutputs<double> o(c);
  RowAttentionForward(c.shape, c.starts, wide.q.data(), wide.k.data(), wide.v.data(), o.out.data(),
                      o.log_sum.data());
  RowAttentionBackward(c.shape, c.starts, wide.q.data(), wide.k.data(), wide.v.data(), o.out.data(),
                       o.log_sum.data(), wide.dout.data(), o.dq.data(), o.dk.data(), o.dv.data());
  return o;
}

// What comes out of `actual` is what does in double.
template <typename T>
void ExpectAgreement(const AttentionCase& c, const AttentionInputs<T>& in,
                     const AttentionOutputs<T>& actual, double tolerance, double log_tolerance) {
  SCOPED_TRACE(testing::Message() << "head " << c.shape.head_dim << ", window " << c.shape.window
                                  << ", rows " << c.rows());
  const AttentionOutputs<double> expected = RunReferenceAttention(c, in);
  ExpectClose(actual.log_sum, expected.log_sum, log_tolerance);
  ExpectClose(Widened(actual.out), expected.out, tolerance);
  ExpectClose(Widened(actual.dq), expected.dq, tolerance);
  ExpectClose(Widened(actual.dk), expected.dk, tolerance);
  ExpectClose(Widened(actual.dv), expected.dv, tolerance);
}

}  // namespace ropewalk
