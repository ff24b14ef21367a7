#include "worker/ops/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "worker/ops/lanes.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Rows a chunk: enough for a fast product, few enough that its logits stay small.
constexpr int64_t kChunk = 256;

// Replaces a row of logits by their gradient, softmax - onehot(target); returns -log
// softmax[target].
template <typename T>
ROPEWALK_INLINE double GradientOfRow(int64_t vocab, int32_t target, T* logits) {
  const T max = Max(vocab, logits);
  const T wanted = logits[target];
  for (int64_t j = 0; j < vocab; ++j) logits[j] = Exp(logits[j] - max);
  const T sum = Sum<T>(vocab, [=](int64_t j) { return logits[j]; });
  for (int64_t j = 0; j < vocab; ++j) logits[j] /= sum;
  logits[target] -= T{1};
  return std::log(static_cast<double>(sum)) + static_cast<double>(max) -
         static_cast<double>(wanted);
}

ROPEWALK_SIMD double RowGradient(int64_t vocab, int32_t target, float* logits) {
  return GradientOfRow(vocab, target, logits);
}
double RowGradient(int64_t vocab, int32_t target, double* logits) {
  return GradientOfRow(vocab, target, logits);
}

}  // namespace

template <typename T>
LinearCrossEntropy<T>::LinearCrossEntropy(int64_t vocab, int64_t size)
    : vocab_(vocab),
      size_(size),
      chunk_x_(kChunk * size),
      chunk_dx_(kChunk * size),
      logits_(kChunk * vocab),
      losses_(kChunk) {
  chunk_rows_.reserve(kChunk);
}

template <typename T>
double LinearCrossEntropy<T>::Loss(int64_t rows, const T* x, const int32_t* targets,
                                   const LinearWeight<T>& weight) {
  return LossAndGradient(rows, x, targets, weight, nullptr, nullptr);
}

template <typename T>
double LinearCrossEntropy<T>::LossAndGradient(int64_t rows, const T* x, const int32_t* targets,
                                              const LinearWeight<T>& weight, T* dx, T* dweight) {
  if (dx != nullptr) std::fill_n(dx, rows * size_, T{0});
  double loss = 0;
  chunk_rows_.clear();
  for (int64_t r = 0; r < rows; ++r) {
    if (targets[r] >= 0) chunk_rows_.push_back(r);
    const bool full = static_cast<int64_t>(chunk_rows_.size()) == kChunk;
    if (!full && r + 1 < rows) continue;
    loss += RunChunk(x, targets, weight, dx, dweight);
    chunk_rows_.clear();
  }
  return loss;
}

template <typename T>
double LinearCrossEntropy<T>::RunChunk(const T* x, const int32_t* targets,
                                       const LinearWeight<T>& weight, T* dx, T* dweight) {
  const int64_t rows = chunk_rows_.size();
  if (rows == 0) return 0;
  for (int64_t r = 0; r < rows; ++r)
    std::copy_n(x + chunk_rows_[r] * size_, size_, &chunk_x_[r * size_]);
  weight.Forward(rows, chunk_x_.data(), logits_.data());
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      losses_[r] = RowGradient(vocab_, targets[chunk_rows_[r]], &logits_[r * vocab_]);
  });
  if (dx != nullptr) {
    weight.BackwardInput(rows, logits_.data(), chunk_dx_.data(), /*accumulate=*/false);
    for (int64_t r = 0; r < rows; ++r)
      std::copy_n(&chunk_dx_[r * size_], size_, dx + chunk_rows_[r] * size_);
  }
  if (dweight != nullptr)
    AddWeightGradient(rows, vocab_, size_, logits_.data(), chunk_x_.data(), dweight);
  double loss = 0;
  for (int64_t r = 0; r < rows; ++r) loss += losses_[r];
  return loss;
}

template class LinearCrossEntropy<float>;
template class LinearCrossEntropy<double>;

}  // namespace ropewalk
