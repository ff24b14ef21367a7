#include "worker/ops/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "worker/ops/lanes.h"
#include "worker/ops/op_timer.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

// Rows of a chunk: few enough that the logits stay small, and otherwise many, because each chunk
// reads the whole weight.
int64_t MostRows(int64_t vocab) {
  constexpr int64_t kLogits = int64_t{80} << 20;
  return std::clamp<int64_t>(kLogits / vocab / kTile * kTile, 128, 1024);
}

int64_t BlocksOf(int64_t vocab) { return (vocab + kTile - 1) / kTile; }

// Replaces a row of logits by their gradient; returns -log softmax[target].
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

// For bfloat16: of each row of a block of logits, its largest, exp(logit - largest) as y, and their
// sum. So a probability is rounded relative to its own size, whatever the logits' size, and each
// exponential is taken once.
// Half a row of a block, and its upper half exchanged with the lower one, of so many lanes.
typedef float Lanes __attribute__((vector_size(4 * kTile / 2), aligned(4), may_alias));
#define ROPEWALK_EXCHANGED(x, n)                                                               \
  __builtin_shufflevector(x, x, 0 ^ n, 1 ^ n, 2 ^ n, 3 ^ n, 4 ^ n, 5 ^ n, 6 ^ n, 7 ^ n, 8 ^ n, \
                          9 ^ n, 10 ^ n, 11 ^ n, 12 ^ n, 13 ^ n, 14 ^ n, 15 ^ n)

// f(f(f(x[0], x[16]), ...), ...) of a row of kTile numbers, by halves.
template <typename F>
ROPEWALK_INLINE float Fold(const float* row, F f) {
  Lanes x = f(*reinterpret_cast<const Lanes*>(row), *reinterpret_cast<const Lanes*>(row + 16));
  x = f(x, ROPEWALK_EXCHANGED(x, 8));
  x = f(x, ROPEWALK_EXCHANGED(x, 4));
  x = f(x, ROPEWALK_EXCHANGED(x, 2));
  x = f(x, ROPEWALK_EXCHANGED(x, 1));
  return x[0];
}
#undef ROPEWALK_EXCHANGED

ROPEWALK_INLINE void RowExponentials(int64_t columns, const float* logits, Bfloat16* y, float* max,
                                     float* sum) {
  float row[kTile];
  for (int64_t j = 0; j < kTile; ++j) row[j] = j < columns ? logits[j] : -INFINITY;
  const float most = Fold(row, [](const Lanes& a, const Lanes& b) { return a > b ? a : b; });
  for (int64_t j = 0; j < kTile; ++j) {
    const float below = row[j] - most;
    row[j] = ExpWithin88(below < -87.0f ? -87.0f : below);
  }
  for (int64_t j = 0; j < columns; ++j) y[j] = ToBfloat16(row[j]);
  *max = most;
  *sum = Fold(row, [](const Lanes& a, const Lanes& b) { return a + b; });
}

ROPEWALK_SIMD void BlockExponentials(const ProductBlock& block, int64_t y_stride,
                                     int64_t out_stride, Bfloat16* y, float* maxima, float* sums) {
  const float* logits = block.values;
  for (int64_t i = 0; i < block.rows; ++i, logits += kTile, y += y_stride) {
    float* const max = maxima + i * out_stride;
    float* const sum = sums + i * out_stride;
    if (block.columns == kTile) {
      RowExponentials(kTile, logits, y, max, sum);
    } else {
      RowExponentials(block.columns, logits, y, max, sum);
    }
  }
}

ROPEWALK_SIMD void ScaleBlocks(int64_t vocab, const float* factors, Bfloat16* y) {
  const int64_t whole = vocab / kTile;
  for (int64_t b = 0; b < whole; ++b, y += kTile) {
    for (int64_t j = 0; j < kTile; ++j) y[j] = ToBfloat16(FromBfloat16(y[j]) * factors[b]);
  }
  for (int64_t j = 0; j < vocab - whole * kTile; ++j) {
    y[j] = ToBfloat16(FromBfloat16(y[j]) * factors[whole]);
  }
}

// Joins the blocks of a row: y becomes the gradient, `maxima` what the blocks were multiplied by.
double JoinBlocks(int64_t vocab, int32_t target, float wanted, float* maxima, const float* sums,
                  Bfloat16* y) {
  const int64_t blocks = BlocksOf(vocab);
  const float max = Max(blocks, maxima);
  double sum = 0;
  for (int64_t b = 0; b < blocks; ++b) {
    maxima[b] = Exp(maxima[b] - max);
    sum += double{maxima[b]} * sums[b];
  }
  const float inverse = static_cast<float>(1 / sum);
  for (int64_t b = 0; b < blocks; ++b) maxima[b] *= inverse;
  const float of_target = FromBfloat16(y[target]) * maxima[target / kTile];
  ScaleBlocks(vocab, maxima, y);
  y[target] = ToBfloat16(of_target - 1);
  return std::log(sum) + max - wanted;
}

}  // namespace

template <typename T>
LinearCrossEntropy<T>::LinearCrossEntropy(int64_t vocab, int64_t size, MatMulPrecision precision)
    : vocab_(vocab),
      size_(size),
      precision_(precision),
      most_rows_(MostRows(vocab)),
      chunk_x_(AllocateAligned<T>(most_rows_ * size)),
      chunk_dx_(AllocateAligned<Wide<T>>(most_rows_ * size)),
      logits_(AllocateAligned<T>(most_rows_ * vocab)),
      losses_(most_rows_) {
  chunk_rows_.reserve(most_rows_);
  if (!std::is_same_v<T, Bfloat16>) return;
  maxima_ = AllocateAligned<Wide<T>>(most_rows_ * BlocksOf(vocab));
  sums_ = AllocateAligned<Wide<T>>(most_rows_ * BlocksOf(vocab));
  wanted_.resize(most_rows_);
}

template <typename T>
PlannedArrays LinearCrossEntropy<T>::arrays() const {
  const int64_t wide = sizeof(Wide<T>);
  PlannedArrays arrays;
  arrays.Add("logits", most_rows_ * vocab_ * sizeof(T));
  arrays.Add("x with a target", most_rows_ * size_ * sizeof(T));
  arrays.Add("gradient by x with a target", most_rows_ * size_ * wide);
  if (maxima_ != nullptr)
    arrays.Add("blocks' maxima and sums", 2 * most_rows_ * BlocksOf(vocab_) * wide);
  return arrays;
}

template <typename T>
double LinearCrossEntropy<T>::Loss(int64_t rows, const T* x, const int32_t* targets,
                                   const LinearWeight<T>& weight) {
  return LossAndGradient(rows, x, targets, weight, nullptr, nullptr);
}

template <typename T>
double LinearCrossEntropy<T>::LossAndGradient(int64_t rows, const T* x, const int32_t* targets,
                                              const LinearWeight<T>& weight, Wide<T>* dx,
                                              Wide<T>* dweight) {
  const OpTimer timer("loss", 0, 1.0 * rows * size_ * (sizeof(T) + sizeof(Wide<T>)));
  if (dx != nullptr) std::fill_n(dx, rows * size_, Wide<T>{0});
  double loss = 0;
  chunk_rows_.clear();
  for (int64_t r = 0; r < rows; ++r) {
    if (targets[r] >= 0) chunk_rows_.push_back(r);
    const bool full = static_cast<int64_t>(chunk_rows_.size()) == most_rows_;
    if (!full && r + 1 < rows) continue;
    loss += RunChunk(x, targets, weight, dx, dweight);
    chunk_rows_.clear();
  }
  return loss;
}

template <typename T>
double LinearCrossEntropy<T>::RunChunk(const T* x, const int32_t* targets,
                                       const LinearWeight<T>& weight, Wide<T>* dx,
                                       Wide<T>* dweight) {
  const int64_t rows = chunk_rows_.size();
  if (rows == 0) return 0;
  for (int64_t r = 0; r < rows; ++r) {
    std::copy_n(x + chunk_rows_[r] * size_, size_, &chunk_x_[r * size_]);
  }
  Gradients(targets, weight);
  if (dx != nullptr) {
    weight.BackwardInput(rows, logits_.get(), chunk_dx_.get(), /*accumulate=*/false);
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(&chunk_dx_[r * size_], size_, dx + chunk_rows_[r] * size_);
    }
  }
  if (dweight != nullptr) {
    AddWeightGradient(precision_, rows, vocab_, size_, logits_.get(), chunk_x_.get(), dweight);
  }
  double loss = 0;
  for (int64_t r = 0; r < rows; ++r) loss += losses_[r];
  return loss;
}

template <typename T>
void LinearCrossEntropy<T>::Gradients(const int32_t* targets, const LinearWeight<T>& weight) {
  weight.Forward(chunk_rows_.size(), chunk_x_.get(), logits_.get());
  const double logits = 1.0 * chunk_rows_.size() * vocab_;
  const OpTimer timer("softmax", 20 * logits, 2 * logits * sizeof(T));
  ParallelFor(chunk_rows_.size(), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      losses_[r] = RowGradient(vocab_, targets[chunk_rows_[r]], &logits_[r * vocab_]);
    }
  });
}

template <>
void LinearCrossEntropy<Bfloat16>::Gradients(const int32_t* targets,
                                             const LinearWeight<Bfloat16>& weight) {
  const int64_t rows = chunk_rows_.size(), blocks = BlocksOf(vocab_);
  weight.ForwardBlocks(rows, chunk_x_.get(), [&](const ProductBlock& block) {
    const int64_t at = block.row * blocks + block.column / kTile;
    BlockExponentials(block, vocab_, blocks, &logits_[block.row * vocab_ + block.column],
                      &maxima_[at], &sums_[at]);
    for (int64_t i = 0; i < block.rows; ++i) {
      const int64_t row = block.row + i, column = targets[chunk_rows_[row]] - block.column;
      if (column < 0 || column >= block.columns) continue;
      wanted_[row] = block.values[i * kTile + column];
    }
  });
  const OpTimer timer("softmax", 1.0 * rows * vocab_, 2.0 * rows * vocab_ * sizeof(Bfloat16));
  ParallelFor(rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      losses_[r] = JoinBlocks(vocab_, targets[chunk_rows_[r]], wanted_[r], &maxima_[r * blocks],
                              &sums_[r * blocks], &logits_[r * vocab_]);
    }
  });
}

template class LinearCrossEntropy<float>;
template class LinearCrossEntropy<double>;
template class LinearCrossEntropy<Bfloat16>;

}  // namespace ropewalk
