#include "worker/ops/attention_blocks.h"

#include <gtest/gtest.h>

#include "worker/ops/attention_testing.h"

namespace ropewalk {
namespace {

AttentionOutputs<float> RunBlocks(const AttentionCase& c, const AttentionInputs<float>& in) {
  AttentionOutputs<float> o(c);
  BlockAttentionForward(c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(), o.out.data(),
                        o.log_sum.data());
  BlockAttentionBackward(c.shape, c.starts, in.q.data(), in.k.data(), in.v.data(), o.out.data(),
                         o.log_sum.data(), in.dout.data(), o.dq.data(), o.dk.data(), o.dv.data());
  return o;
}

TEST(BlockAttention, AgreesWithDouble) {
  for (const AttentionCase& c : AttentionCases()) {
    const AttentionInputs<float> in = AttentionInputsOf<float>(c);
    ExpectAgreement(c, in, RunBlocks(c, in), 5e-6, 5e-6);
  }
}

TEST(BlockAttention, SameBitsForAnyThreads) {
  for (const AttentionCase& c : AttentionCases()) {
    const AttentionInputs<float> in = AttentionInputsOf<float>(c);
    ExpectSameBitsForAnyThreads([&] { return RunBlocks(c, in).All(); });
  }
}

TEST(BlockAttention, LargeScoresDoNotOverflow) {
  const AttentionCase c = {{2, 1, 8, 1.0, 40}, {0, 100}};
  AttentionInputs<float> in = AttentionInputsOf<float>(c);
  for (float& q : in.q) q *= 1000.0f;
  for (const float x : RunBlocks(c, in).All()) ASSERT_TRUE(std::isfinite(x));
}

}  // namespace
}  // namespace ropewalk
