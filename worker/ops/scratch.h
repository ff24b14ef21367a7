#pragma once

#include <cstdint>

#include "worker/tensor/aligned_memory.h"

namespace ropewalk {

// Memory that a thread keeps from call to call and that grows to what it once needed: declare it
// `static thread_local`.
template <typename T>
class Scratch {
 public:
  // Room for `count` elements, whatever is in them, good until the next call.
  T* Get(int64_t count) {
    if (count > size_) {
      memory_ = nullptr;
      memory_ = AllocateAligned<T>(count);
      size_ = count;
    }
    return memory_.get();
  }

 private:
  AlignedMemory<T> memory_;
  int64_t size_ = 0;
};

}  // namespace ropewalk
