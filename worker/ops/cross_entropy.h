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
  // Fills in logits_ with the logits' gradients, softmax - onehot(target), and losses_.
  void Gradients(const int32_t* targets, const LinearWeight<T>& weight);

  const int64_t vocab_;
  const int64_t size_;
  const MatMulPrecision precision_;
  const int64_t most_rows_;               // of a chunk
  std::vector<int64_t> chunk_rows_;       // which rows of x are in the chunk
  AlignedMemory<T> chunk_x_;              // [most rows, size]
  AlignedMemory<Wide<T>> chunk_dx_;       // [most rows, size]
  AlignedMemory<T> logits_;               // [most rows, vocab]
  AlignedMemory<Wide<T>> maxima_, sums_;  // [most rows, vocab / kTile], for T = Bfloat16
  std::vector<Wide<T>> wanted_;           // [most rows], the target's logit; likewise
  std::vector<double> losses_;
};

}  // namespace ropewalk
