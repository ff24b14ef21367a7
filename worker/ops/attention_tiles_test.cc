#include "worker/ops/attention_tiles.h"

#include <gtest/gtest.h>

#include "worker/ops/attention_testing.h"

namespace ropewalk {
namespace {

std::vector<const TileKernel*> Kernels() {
  std::vector<const TileKernel*> kernels = {&kPlainTileKernel};
  for (const TileKernel* kernel : {&kAvx512TileKernel, &kAmxTileKernel}) {
    if (kernel->is_supported()) kernels.push_back(kernel);
  }
  return kernels;
}

template <typename T>
AttentionOutputs<T> RunTiles(const TileKernel& kernel, const AttentionCase& c,
                             const AttentionInputs<T>& in) {
  AttentionOutputs<T> o(c);
  TileAttentionForward(kernel, c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(),
                       o.out.data(), o.log_sum.data());
  TileAttentionBackward(kernel, c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(),
                        o.out.data(), o.log_sum.data(), in.dout.data(), o.dq.data(), o.dk.data(),
                        o.dv.data());
  return o;
}

template <typename T>
void ExpectAgreementWithDouble(double tolerance, double log_tolerance) {
  for (const TileKernel* kernel : Kernels()) {
    for (const AttentionCase& c : AttentionCases()) {
      SCOPED_TRACE(kernel->name);
      const AttentionInputs<T> in = AttentionInputsOf<T>(c);
      ExpectAgreement(c, in, RunTiles(*kernel, c, in), tolerance, log_tolerance);
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
  for (const AttentionCase& c : AttentionCases()) {
    const AttentionInputs<T> in = AttentionInputsOf<T>(c);
    ExpectSameBitsForAnyThreads([&] { return RunTiles(BestTileKernel(), c, in).All(); });
  }
}

TEST(TileAttention, SameBitsForAnyThreads) {
  ExpectSameBits<float>();
  ExpectSameBits<Bfloat16>();
}

TEST(TileAttention, LargeScoresDoNotOverflow) {
  const AttentionCase c = {{2, 1, 8, 1.0, 40}, {0, 100}};
  for (const TileKernel* kernel : Kernels()) {
    AttentionInputs<float> in = AttentionInputsOf<float>(c);
    for (float& q : in.q) q *= 1000.0f;
    for (const float x : RunTiles(*kernel, c, in).All()) ASSERT_TRUE(std::isfinite(x));
  }
}

}  // namespace
}  // namespace ropewalk
