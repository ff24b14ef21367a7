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

// For bfloat16 exponentials are taken while a block of logits is in the cache, relative to some
// reference of its row, so that each is rounded relative to its own size. 0 will do unless the
// logits are very large: rows whose sum then lies outside of these bounds are computed once more,
// relative to their largest.
bool IsExtreme(double sum) { return sum < 1e-26 || sum > 1e31; }

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

ROPEWALK_INLINE float MaxOfRow(int64_t columns, const float* logits) {
  float row[kTile];
  for (int64_t j = 0; j < kTile; ++j) row[j] = j < columns ? logits[j] : -INFINITY;
  return Fold(row, [](const Lanes& a, const Lanes& b) { return a > b ? a : b; });
}

// y = exp(logits - reference), within e^-87 and e^80, of which a block has a finite sum.
ROPEWALK_INLINE float RowExponentials(int64_t columns, const float* logits, float reference,
                                      Bfloat16* y) {
  float row[kTile];
  for (int64_t j = 0; j < kTile; ++j) {
    const float x = (j < columns ? logits[j] : -INFINITY) - reference;
    row[j] = ExpWithin88(x < -87.0f ? -87.0f : (x > 80.0f ? 80.0f : x));
  }
  for (int64_t j = 0; j < columns; ++j) y[j] = ToBfloat16(row[j]);
  return Fold(row, [](const Lanes& a, const Lanes& b) { return a + b; });
}

// Of each row its sum of exponentials, `sums_stride` apart.
ROPEWALK_SIMD void BlockExponentials(const ProductBlock& block, const float* references,
                                     int64_t y_stride, Bfloat16* y, int64_t sums_stride,
                                     float* sums) {
  const float* logits = block.values;
  for (int64_t i = 0; i < block.rows; ++i, logits += kTile, y += y_stride) {
    sums[i * sums_stride] = block.columns == kTile
                                ? RowExponentials(kTile, logits, references[i], y)
                                : RowExponentials(block.columns, logits, references[i], y);
  }
}

ROPEWALK_SIMD void BlockMaxima(const ProductBlock& block, int64_t stride, float* maxima) {
  for (int64_t i = 0; i < block.rows; ++i) {
    maxima[i * stride] = MaxOfRow(block.columns, block.values + i * kTile);
  }
}

ROPEWALK_SIMD double SumOfRow(int64_t n, const float* x) {
  return Sum<double>(n, [=](int64_t i) { return double{x[i]}; });
}

ROPEWALK_SIMD float LargestOfRow(int64_t n, const float* x) { return Max(n, x); }

ROPEWALK_SIMD void ScaleRow(int64_t n, float factor, Bfloat16* y) {
  for (int64_t j = 0; j < n; ++j) y[j] = ToBfloat16(FromBfloat16(y[j]) * factor);
}

ROPEWALK_SIMD void ScaleRow(int64_t n, float factor, const float* x, float* y) {
  for (int64_t j = 0; j < n; ++j) y[j] = factor * x[j];
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
  block_sums_ = AllocateAligned<Wide<T>>(most_rows_ * BlocksOf(vocab));
  row_sums_.resize(most_rows_);
  references_.resize(most_rows_);
  wanted_.resize(most_rows_);
  factors_.resize(most_rows_);
}

template <typename T>
PlannedArrays LinearCrossEntropy<T>::arrays() const {
  const int64_t wide = sizeof(Wide<T>);
  PlannedArrays arrays;
  arrays.Add("logits", most_rows_ * vocab_ * sizeof(T));
  arrays.Add("x with a target", most_rows_ * size_ * sizeof(T));
  arrays.Add("gradient by x with a target", most_rows_ * size_ * wide);
  if (block_sums_ != nullptr) {
    arrays.Add("sums of blocks of exponentials", most_rows_ * BlocksOf(vocab_) * wide);
  }
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
  if (dweight != nullptr) Normalise(rows);
  if (dx != nullptr) {
    weight.BackwardInput(rows, logits_.get(), chunk_dx_.get(), /*accumulate=*/false);
    for (int64_t r = 0; r < rows; ++r) {
      TakeInputGradient(r, dx + chunk_rows_[r] * size_);
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
  const int64_t rows = chunk_rows_.size();
  std::fill_n(references_.begin(), rows, 0.0f);
  Exponentials(targets, weight);
  if (UseLargestWhereSumsAreExtreme(weight)) Exponentials(targets, weight);
  for (int64_t r = 0; r < rows; ++r) {
    const double sum = row_sums_[r];
    const int32_t target = targets[chunk_rows_[r]];
    const float of_target = Exp(wanted_[r] - references_[r]);
    logits_[r * vocab_ + target] = ToBfloat16(of_target - static_cast<float>(sum));
    factors_[r] = static_cast<float>(1 / sum);
    losses_[r] = std::log(sum) + references_[r] - wanted_[r];
  }
}

template <typename T>
void LinearCrossEntropy<T>::Exponentials(const int32_t* targets, const LinearWeight<T>& weight) {
  if constexpr (std::is_same_v<T, Bfloat16>) {
    const int64_t blocks = BlocksOf(vocab_);
    weight.ForwardBlocks(chunk_rows_.size(), chunk_x_.get(), [&](const ProductBlock& block) {
      BlockExponentials(block, &references_[block.row], vocab_,
                        &logits_[block.row * vocab_ + block.column], blocks,
                        &block_sums_[block.row * blocks + block.column / kTile]);
      for (int64_t i = 0; i < block.rows; ++i) {
        const int64_t row = block.row + i, column = targets[chunk_rows_[row]] - block.column;
        if (column < 0 || column >= block.columns) continue;
        wanted_[row] = block.values[i * kTile + column];
      }
    });
    ParallelForRows(chunk_rows_.size(), blocks, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        row_sums_[r] = SumOfRow(blocks, &block_sums_[r * blocks]);
      }
    });
  }
}

template <typename T>
bool LinearCrossEntropy<T>::UseLargestWhereSumsAreExtreme(const LinearWeight<T>& weight) {
  bool any = false;
  if constexpr (std::is_same_v<T, Bfloat16>) {
    const int64_t rows = chunk_rows_.size(), blocks = BlocksOf(vocab_);
    any = std::any_of(row_sums_.begin(), row_sums_.begin() + rows, IsExtreme);
    if (!any) return false;
    weight.ForwardBlocks(rows, chunk_x_.get(), [&](const ProductBlock& block) {
      BlockMaxima(block, blocks, &block_sums_[block.row * blocks + block.column / kTile]);
    });
    for (int64_t r = 0; r < rows; ++r) {
      if (IsExtreme(row_sums_[r])) references_[r] = LargestOfRow(blocks, &block_sums_[r * blocks]);
    }
  }
  return any;
}

template <typename T>
void LinearCrossEntropy<T>::Normalise(int64_t rows) {
  if constexpr (std::is_same_v<T, Bfloat16>) {
    ParallelFor(rows, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        ScaleRow(vocab_, factors_[r], &logits_[r * vocab_]);
        factors_[r] = 1;
      }
    });
  }
}

template <typename T>
void LinearCrossEntropy<T>::TakeInputGradient(int64_t row, Wide<T>* dx) const {
  const Wide<T>* const of_row = &chunk_dx_[row * size_];
  if constexpr (std::is_same_v<T, Bfloat16>) {
    ScaleRow(size_, factors_[row], of_row, dx);
  } else {
    std::copy_n(of_row, size_, dx);
  }
}

template class LinearCrossEntropy<float>;
template class LinearCrossEntropy<double>;
template class LinearCrossEntropy<Bfloat16>;

}  // namespace ropewalk
