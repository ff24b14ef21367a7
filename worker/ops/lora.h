#pragma once

#include <cstdint>

namespace ropewalk {

// A low-rank branch beside a linear layer (Hu et al., 2021): y += scale (x A^T) B^T.
struct LoraShape {
  int64_t in = 0;
  int64_t out = 0;
  int64_t rank = 0;
  double scale = 1.0;  // alpha / rank
};

// x: [rows, in], after dropout; a: [rank, in]; b: [out, rank]; xa: [rows, rank], receives scale x
// A^T for the backward pass; y: [rows, out].
template <typename T>
void LoraForward(const LoraShape& shape, int64_t rows, const T* x, const T* a, const T* b, T* xa,
                 T* y);

// db += dy^T xa; with g = scale dy B [rows, rank]: da += g^T x, dx += g A, unless dx is null. No
// product larger than rank is formed. workspace: [rows, rank].
template <typename T>
void LoraBackward(const LoraShape& shape, int64_t rows, const T* x, const T* xa, const T* dy,
                  const T* a, const T* b, T* workspace, T* da, T* db, T* dx);

}  // namespace ropewalk
