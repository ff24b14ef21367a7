#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/linear_weight.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/planned_arrays.h"

namespace ropewalk {

// The loss of a language model's last layer, sum over rows with a target of -log softmax(x
// W^T)[target], without ever holding all logits: rows with no target are left out, the others are
// taken in chunks.
template <typename T>
class LinearCrossEntropy {
 public:
  // Room for x of `size` columns and a vocabulary of `vocab`.
  LinearCrossEntropy(int64_t vocab, int64_t size, MatMulPrecision precision);

  // x: [rows, size]; targets: [rows], -1 for none; weight: W [vocab, size]. Returns the sum of
  // losses.
  double Loss(int64_t rows, const T* x, const int32_t* targets, const LinearWeight<T>& weight);

  // The same, and its gradients: dx [rows, size] is overwritten (zeros where there is no target);
  // dweight [vocab, size] is added to unless it is null.
  double LossAndGradient(int64_t rows, const T* x, const int32_t* targets,
                         const LinearWeight<T>& weight, Wide<T>* dx, Wide<T>* dweight);

  // What a chunk takes.
  PlannedArrays arrays() const;

 private:
  double RunChunk(const T* x, const int32_t* targets, const LinearWeight<T>& weight, Wide<T>* dx,
                  Wide<T>* dweight);
  // Fills in logits_ with the logits' gradients, softmax - onehot(target), and losses_. For
  // Bfloat16 row r of the gradients still lacks the factor factors_[r].
  void Gradients(const int32_t* targets, const LinearWeight<T>& weight);

  // Gradients' parts for Bfloat16: the exponentials relative to references_, with their sums and
  // wanted_; other references, if any of those sums are so extreme that they are needed; and the
  // factors applied to logits_, or to a row of chunk_dx_.
  void Exponentials(const int32_t* targets, const LinearWeight<T>& weight);
  bool UseLargestWhereSumsAreExtreme(const LinearWeight<T>& weight);
  void Normalise(int64_t rows);
  void TakeInputGradient(int64_t row, Wide<T>* dx) const;

  const int64_t vocab_;
  const int64_t size_;
  const MatMulPrecision precision_;
  const int64_t most_rows_;          // of a chunk
  std::vector<int64_t> chunk_rows_;  // which rows of x are in the chunk
  AlignedMemory<T> chunk_x_;         // [most rows, size]
  AlignedMemory<Wide<T>> chunk_dx_;  // [most rows, size]
  AlignedMemory<T> logits_;          // [most rows, vocab]
  std::vector<double> losses_;       // [most rows]
  // For Bfloat16:
  AlignedMemory<Wide<T>> block_sums_;  // [most rows, vocab / kTile], of exponentials
  std::vector<double> row_sums_;       // [most rows]
  std::vector<Wide<T>> references_;    // [most rows], logits that exponentials are relative to
  std::vector<Wide<T>> wanted_;        // [most rows], the target's logit
  std::vector<Wide<T>> factors_;       // [most rows], 1 / a row's sum
};

}  // namespace ropewalk
