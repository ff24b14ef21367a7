#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "worker/ops/panel_product.h"
#include "worker/ops/stored_matrix.h"
#include "worker/ops/weight_storage.h"
#include "worker/tensor/element.h"

namespace ropewalk {

enum class MatMulPrecision {
  kFull,      // factors as they are
  kBfloat16,  // factors rounded to bfloat16, sums in float32; not for T = double
};

// Whether this processor multiplies bfloat16 numbers in hardware.
bool CpuHasBfloat16();

// Whether products of T are made of tiles (tile_product.h): those of Bfloat16 always, those of
// float if they are rounded or if the processor multiplies three bfloat16 numbers for each faster
// than float32 numbers, as with AMX. If not, no LowRankTerm can be added to them.
template <typename T>
bool UsesTiles(MatMulPrecision precision);

// The weight W [out, in] of a linear layer y = x W^T, held in any storage; panels of it are packed
// while they are multiplied. Const calls may run at the same time. The same bits for any number of
// threads. T is double, float or Bfloat16, which goes with kBfloat16.
template <typename T>
class LinearWeight {
 public:
  // T = double holds kFloat32 as doubles, and nothing else.
  LinearWeight(int64_t out, int64_t in, MatMulPrecision precision,
               WeightStorage storage = WeightStorage::kFloat32);

  // w: [out, in]; copied, and rounded as the storage has it. Allocates nothing the second time,
  // unless that quantises or others share the matrix. This or the next is to be called before the
  // calls below.
  void Pack(const Wide<T>* w);

  // Takes a matrix that is stored already, [out, in]. Not for T = double.
  void Adopt(std::shared_ptr<const StoredMatrix> w) {
    stored_ = std::move(w);
    packed_ = nullptr;
  }

  // y [rows, out] = x [rows, in] W^T and the term, or += if `accumulate`. Y is T or Wide<T>.
  template <typename Y>
  void Forward(int64_t rows, const T* x, Y* y, bool accumulate = false,
               const LowRankTerm& term = {}) const;

  // dx [rows, in] = dy [rows, out] W and the term, or += if `accumulate`. X is T or Wide<T>.
  template <typename X>
  void BackwardInput(int64_t rows, const T* dy, X* dx, bool accumulate,
                     const LowRankTerm& term = {}) const;

  // Writes row `row` of W, [in].
  void ReadRow(int64_t row, Wide<T>* out) const;

  // The same products, whose blocks go to `take` as they come. Only for products of tiles.
  void ForwardBlocks(int64_t rows, const T* x, TakeBlock take, const LowRankTerm& term = {}) const;
  void BackwardInputBlocks(int64_t rows, const T* dy, TakeBlock take,
                           const LowRankTerm& term = {}) const;

  int64_t out() const { return out_; }
  int64_t in() const { return in_; }
  MatMulPrecision precision() const { return precision_; }

  // Of memory: as it is held, or as Pack will hold it.
  int64_t bytes() const;
  bool mapped() const { return stored_ != nullptr && stored_->mapped(); }

  // As it is held, [out, in]. Not for T = double.
  const std::shared_ptr<const StoredMatrix>& stored() const { return stored_; }

 private:
  // Of tiles.
  void Products(int64_t rows, const T* x, TakeBlock take, const LowRankTerm& term) const;
  void InputGradients(int64_t rows, const T* dy, TakeBlock take, const LowRankTerm& term) const;

  // Of a product with a term of this rank, and of numbers of these sizes.
  double Flops(int64_t rows, int64_t rank) const;
  double Bytes(int64_t rows, size_t of_x, size_t of_y) const;

  // What Pack stores it as: where every product rounds it to bfloat16, it is held so.
  WeightStorage packed_storage() const {
    const bool rounds =
        storage_ == WeightStorage::kFloat32 && precision_ == MatMulPrecision::kBfloat16;
    return rounds ? WeightStorage::kBfloat16 : storage_;
  }

  int64_t out_;
  int64_t in_;
  MatMulPrecision precision_;
  WeightStorage storage_;
  std::vector<double> doubles_;                 // for T = double
  std::shared_ptr<const StoredMatrix> stored_;  // for others
  std::shared_ptr<StoredMatrix> packed_;        // the same, if Pack made it
};

// The gradient of W: dw [out, in] += dy^T x, with dy [rows, out] and x [rows, in].
template <typename T>
void AddWeightGradient(MatMulPrecision precision, int64_t rows, int64_t out, int64_t in,
                       const T* dy, const T* x, Wide<T>* dw);

}  // namespace ropewalk
