// The ops at the shape of a small Llama (1.8 million parameters): hidden 192, 6 heads of 32, MLP
// 512, vocabulary 260, LoRA rank 16, 2048 tokens in documents of 45. The argument is the number of
// threads.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "worker/ops/attention.h"
#include "worker/ops/cross_entropy.h"
#include "worker/ops/dropout.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/linear_weight.h"
#include "worker/ops/lora.h"
#include "worker/ops/rms_norm.h"
#include "worker/ops/rope.h"
#include "worker/ops/swiglu.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

constexpr int64_t kRows = 2048;
constexpr int64_t kHidden = 192;
constexpr int64_t kInner = 512;
constexpr int64_t kHeads = 6;
constexpr int64_t kHeadDim = 32;
constexpr int64_t kVocab = 260;
constexpr int64_t kRank = 16;
constexpr int64_t kDocument = 45;

std::vector<float> Numbers(int64_t n, uint64_t stream) {
  std::vector<float> numbers(n);
  FillNormal(/*seed=*/1, stream, /*standard_deviation=*/0.5f, numbers.data(), n);
  return numbers;
}

std::vector<int32_t> DocumentStarts(int64_t length) {
  std::vector<int32_t> starts;
  for (int64_t row = 0; row < kRows; row += length) starts.push_back(row);
  starts.push_back(kRows);
  return starts;
}

// Runs `op` over and over with as many threads as the benchmark's first argument says.
template <typename F>
void Time(benchmark::State& state, F op) {
  SetThreads(state.range(0));
  op();
  for (auto _ : state) op();
  state.SetItemsProcessed(state.iterations() * kRows);
}

void Linear(benchmark::State& state, int64_t out, int64_t in, MatMulPrecision precision) {
  LinearWeight<float> weight(out, in, precision);
  weight.Pack(Numbers(out * in, 1).data());
  const auto x = Numbers(kRows * in, 2);
  std::vector<float> y(kRows * out);
  Time(state, [&] { weight.Forward(kRows, x.data(), y.data()); });
}

void LinearBackward(benchmark::State& state, int64_t out, int64_t in, MatMulPrecision precision) {
  LinearWeight<float> weight(out, in, precision);
  weight.Pack(Numbers(out * in, 1).data());
  const auto dy = Numbers(kRows * out, 2);
  std::vector<float> dx(kRows * in);
  Time(state, [&] { weight.BackwardInput(kRows, dy.data(), dx.data(), /*accumulate=*/true); });
}

void WeightGradient(benchmark::State& state) {
  const auto dy = Numbers(kRows * kInner, 1), x = Numbers(kRows * kHidden, 2);
  std::vector<float> dw(kInner * kHidden);
  Time(state, [&] {
    AddWeightGradient(MatMulPrecision::kFull, kRows, kInner, kHidden, dy.data(), x.data(),
                      dw.data());
  });
}

void LoraForwardPass(benchmark::State& state, int64_t out, int64_t in) {
  const LoraShape shape{in, out, kRank, 2.0};
  const auto x = Numbers(kRows * in, 1), a = Numbers(kRank * in, 2), b = Numbers(out * kRank, 3);
  std::vector<float> xa(kRows * kRank), y(kRows * out);
  Time(state,
       [&] { LoraForward(shape, kRows, x.data(), a.data(), b.data(), xa.data(), y.data()); });
}

void LoraBackwardPass(benchmark::State& state, int64_t out, int64_t in) {
  const LoraShape shape{in, out, kRank, 2.0};
  const auto x = Numbers(kRows * in, 1), a = Numbers(kRank * in, 2), b = Numbers(out * kRank, 3);
  const auto xa = Numbers(kRows * kRank, 4), dy = Numbers(kRows * out, 5);
  std::vector<float> workspace(kRows * kRank), da(kRank * in), db(out * kRank), dx(kRows * in);
  Time(state, [&] {
    LoraBackward(shape, kRows, x.data(), xa.data(), dy.data(), a.data(), b.data(), workspace.data(),
                 da.data(), db.data(), dx.data());
  });
}

void RmsNorm(benchmark::State& state) {
  const auto x = Numbers(kRows * kHidden, 1), weight = Numbers(kHidden, 2);
  std::vector<float> y(kRows * kHidden), rstd(kRows);
  Time(state, [&] {
    RmsNormForward(kRows, kHidden, x.data(), weight.data(), 1e-6, y.data(), rstd.data());
  });
}

void RmsNormBackwardPass(benchmark::State& state) {
  const auto x = Numbers(kRows * kHidden, 1), weight = Numbers(kHidden, 2),
             dy = Numbers(kRows * kHidden, 3);
  const std::vector<float> rstd(kRows, 1.0f);
  std::vector<float> dx(kRows * kHidden);
  Time(state, [&] {
    RmsNormBackward<float>(kRows, kHidden, dy.data(), x.data(), weight.data(), rstd.data(),
                           dx.data(), nullptr);
  });
}

void Rope(benchmark::State& state) {
  const auto cosines = Numbers(kRows * kHeadDim / 2, 1), sines = Numbers(kRows * kHeadDim / 2, 2);
  auto x = Numbers(kRows * kHidden, 3);
  Time(state, [&] {
    ApplyRope(kRows, kHeads, kHeadDim / 2, cosines.data(), sines.data(), Rotation::kForward,
              x.data());
  });
}

void Swiglu(benchmark::State& state) {
  const auto gate = Numbers(kRows * kInner, 1), up = Numbers(kRows * kInner, 2);
  std::vector<float> y(kRows * kInner);
  Time(state, [&] { SwigluForward(kRows * kInner, gate.data(), up.data(), y.data()); });
}

void SwigluBackwardPass(benchmark::State& state) {
  const auto gate = Numbers(kRows * kInner, 1), up = Numbers(kRows * kInner, 2),
             dy = Numbers(kRows * kInner, 3);
  std::vector<float> dgate(kRows * kInner), dup(kRows * kInner);
  Time(state, [&] {
    SwigluBackward(kRows * kInner, dy.data(), gate.data(), up.data(), dgate.data(), dup.data());
  });
}

void DropoutHidden(benchmark::State& state) {
  const auto x = Numbers(kRows * kHidden, 1);
  std::vector<float> y(kRows * kHidden);
  Time(state, [&] {
    Dropout(kRows * kHidden, 0.05, RandomKey{1, 2, 3}, /*site=*/4, x.data(), y.data());
  });
}

void AddHidden(benchmark::State& state) {
  const auto x = Numbers(kRows * kHidden, 1);
  std::vector<float> y(kRows * kHidden);
  Time(state, [&] { Add(kRows * kHidden, x.data(), y.data()); });
}

const AttentionShape kAttention{kHeads, kHeads, kHeadDim, 0.17};

void Attention(benchmark::State& state, int64_t document) {
  const auto q = Numbers(kRows * kHidden, 1), k = Numbers(kRows * kHidden, 2),
             v = Numbers(kRows * kHidden, 3);
  const auto starts = DocumentStarts(document);
  std::vector<float> out(kRows * kHidden), log_sum(kRows * kHeads);
  Time(state, [&] {
    AttentionForward<float>(kAttention, starts, q.data(), k.data(), v.data(), out.data(),
                            log_sum.data());
  });
}

void AttentionBackwardPass(benchmark::State& state, int64_t document) {
  const auto q = Numbers(kRows * kHidden, 1), k = Numbers(kRows * kHidden, 2),
             v = Numbers(kRows * kHidden, 3);
  const auto dout = Numbers(kRows * kHidden, 4);
  const auto starts = DocumentStarts(document);
  std::vector<float> out(kRows * kHidden), log_sum(kRows * kHeads);
  std::vector<float> dq(kRows * kHidden), dk(kRows * kHidden), dv(kRows * kHidden);
  AttentionForward<float>(kAttention, starts, q.data(), k.data(), v.data(), out.data(),
                          log_sum.data());
  Time(state, [&] {
    AttentionBackward<float>(kAttention, starts, q.data(), k.data(), v.data(), out.data(),
                             log_sum.data(), dout.data(), dq.data(), dk.data(), dv.data());
  });
}

void CrossEntropy(benchmark::State& state) {
  LinearWeight<float> weight(kVocab, kHidden, MatMulPrecision::kFull);
  weight.Pack(Numbers(kVocab * kHidden, 1).data());
  LinearCrossEntropy<float> loss(kVocab, kHidden, MatMulPrecision::kFull);
  const auto x = Numbers(kRows * kHidden, 2);
  std::vector<int32_t> targets(kRows);
  for (int64_t r = 0; r < kRows; ++r) targets[r] = r % kVocab;
  std::vector<float> dx(kRows * kHidden);
  Time(state,
       [&] { loss.LossAndGradient(kRows, x.data(), targets.data(), weight, dx.data(), nullptr); });
}

#define ROPEWALK_BENCHMARK(...) \
  BENCHMARK(__VA_ARGS__)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond)->UseRealTime()
#define ROPEWALK_BENCHMARK_CASE(...) \
  BENCHMARK_CAPTURE(__VA_ARGS__)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond)->UseRealTime()

ROPEWALK_BENCHMARK_CASE(Linear, hidden_to_hidden, kHidden, kHidden, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(Linear, hidden_to_inner, kInner, kHidden, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(Linear, inner_to_hidden, kHidden, kInner, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(Linear, hidden_to_inner_bfloat16, kInner, kHidden,
                        MatMulPrecision::kBfloat16);
ROPEWALK_BENCHMARK_CASE(Linear, large, 4096, 2048, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(Linear, large_bfloat16, 4096, 2048, MatMulPrecision::kBfloat16);
ROPEWALK_BENCHMARK_CASE(LinearBackward, hidden_to_hidden, kHidden, kHidden, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(LinearBackward, hidden_to_inner, kInner, kHidden, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(LinearBackward, inner_to_hidden, kHidden, kInner, MatMulPrecision::kFull);
ROPEWALK_BENCHMARK_CASE(LinearBackward, hidden_to_inner_bfloat16, kInner, kHidden,
                        MatMulPrecision::kBfloat16);
ROPEWALK_BENCHMARK(WeightGradient);
ROPEWALK_BENCHMARK_CASE(LoraForwardPass, hidden_to_hidden, kHidden, kHidden);
ROPEWALK_BENCHMARK_CASE(LoraForwardPass, hidden_to_inner, kInner, kHidden);
ROPEWALK_BENCHMARK_CASE(LoraBackwardPass, hidden_to_hidden, kHidden, kHidden);
ROPEWALK_BENCHMARK_CASE(LoraBackwardPass, hidden_to_inner, kInner, kHidden);
ROPEWALK_BENCHMARK(RmsNorm);
ROPEWALK_BENCHMARK(RmsNormBackwardPass);
ROPEWALK_BENCHMARK(Rope);
ROPEWALK_BENCHMARK(Swiglu);
ROPEWALK_BENCHMARK(SwigluBackwardPass);
ROPEWALK_BENCHMARK(DropoutHidden);
ROPEWALK_BENCHMARK(AddHidden);
ROPEWALK_BENCHMARK_CASE(Attention, documents_of_45, kDocument);
ROPEWALK_BENCHMARK_CASE(Attention, documents_of_1024, 1024);
ROPEWALK_BENCHMARK_CASE(AttentionBackwardPass, documents_of_45, kDocument);
ROPEWALK_BENCHMARK_CASE(AttentionBackwardPass, documents_of_1024, 1024);
ROPEWALK_BENCHMARK(CrossEntropy);

}  // namespace
}  // namespace ropewalk

BENCHMARK_MAIN();
