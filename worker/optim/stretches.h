#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "worker/optim/optimizer.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

// The elements of all tensors together: the length of a state that has one number for each, tensor
// after tensor.
inline int64_t TotalSize(const std::vector<OptimizedTensor>& tensors) {
  int64_t size = 0;
  for (const OptimizedTensor& tensor : tensors) size += tensor.size();
  return size;
}

// Calls f(tensor, at, state_at, n) for stretches that together are all elements of all tensors, at
// the same time on several threads: n elements of one tensor, which begin at `at` among the
// parameters and at `state_at` in such a state. For updates in which no element depends on another.
template <typename F>
void ForEachStretch(const std::vector<OptimizedTensor>& tensors, F f) {
  ParallelForElements(TotalSize(tensors), [&](int64_t begin, int64_t end) {
    int64_t start = 0;  // of the tensor, in the state
    for (const OptimizedTensor& tensor : tensors) {
      const int64_t from = std::max(begin, start);
      const int64_t to = std::min(end, start + tensor.size());
      if (from < to) f(tensor, tensor.offset + from - start, from, to - from);
      start += tensor.size();
    }
  });
}

}  // namespace ropewalk
