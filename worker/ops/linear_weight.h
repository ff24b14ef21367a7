#pragma once

#include <cstdint>
#include <memory>

#include "worker/ops/stored_matrix.h"
#include "worker/ops/weight_storage.h"

namespace ropewalk {

enum class MatMulPrecision {
  kFull,      // factors as they are
  kBfloat16,  // factors rounded to bfloat16, sums in float32; for T = float and CpuHasBfloat16()
              // only
};

// Whether this processor multiplies bfloat16 numbers in hardware.
bool CpuHasBfloat16();

// The weight W [out, in] of a linear layer y = x W^T, in the layout that the processor multiplies
// fastest, or stored in fewer bits. Frozen weights are packed once, trained ones after every
// update. Const calls may run at the same time. The same bits for any number of threads.
template <typename T>
class LinearWeight {
 public:
  // Another storage than kFloat32 is for T = float only.
  LinearWeight(int64_t out, int64_t in, MatMulPrecision precision,
               WeightStorage storage = WeightStorage::kFloat32);
  ~LinearWeight();
  LinearWeight(LinearWeight&&) noexcept;
  LinearWeight& operator=(LinearWeight&&) noexcept;

  // w: [out, in]; copied, and rounded as the storage has it. This or the next is to be called
  // before the calls below.
  void Pack(const T* w);

  // Takes a matrix that is stored already, [out, in]. For T = float only.
  void Adopt(std::unique_ptr<const StoredMatrix> w);

  // y [rows, out] = x [rows, in] W^T.
  void Forward(int64_t rows, const T* x, T* y) const;

  // dx [rows, in] = dy [rows, out] W, or += if `accumulate`.
  void BackwardInput(int64_t rows, const T* dy, T* dx, bool accumulate) const;

  int64_t out() const { return out_; }
  int64_t in() const { return in_; }

 private:
  struct Packed;

  void PackBfloat16(const float* w);

  int64_t out_;
  int64_t in_;
  std::unique_ptr<Packed> packed_;
};

// The gradient of W: dw [out, in] += dy^T x, with dy [rows, out] and x [rows, in].
template <typename T>
void AddWeightGradient(int64_t rows, int64_t out, int64_t in, const T* dy, const T* x, T* dw);

}  // namespace ropewalk
