#pragma once

#include <cstdint>

#include "worker/tensor/aligned_memory.h"

namespace ropewalk {

// One block of memory that is divided into arrays once, so that a step allocates nothing.
class Arena {
 public:
  // Calls place(arena) twice, first to measure and then with the memory there; it must take the
  // same arrays each time. What was taken before is gone.
  template <typename Place>
  void Build(Place place) {
    block_ = nullptr;
    used_ = 0;
    place(this);
    block_ = AllocateAligned<char>(used_ + 1);
    used_ = 0;
    place(this);
  }

  // What was taken, in bytes.
  size_t bytes() const { return used_; }

  // Sets `*array` to room for `count` elements, not initialised, that begins at a cache line of its
  // own.
  template <typename T>
  void Take(int64_t count, T** array) {
    *array = block_ == nullptr ? nullptr : reinterpret_cast<T*>(block_.get() + used_);
    used_ += (count * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
  }

 private:
  AlignedMemory<char> block_;
  size_t used_ = 0;  // bytes
};

}  // namespace ropewalk
