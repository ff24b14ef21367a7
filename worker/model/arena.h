#pragma once

#include <cstdint>
#include <utility>

#include "absl/strings/string_view.h"
#include "worker/tensor/aligned_memory.h"
#include "worker/tensor/planned_arrays.h"

namespace ropewalk {

// One block of memory that is divided into named arrays once, so that a step allocates nothing.
class Arena {
 public:
  // Calls place(arena) twice, first to measure and then with the memory there; it must take the
  // same arrays each time. What was taken before is gone.
  template <typename Place>
  void Build(Place place) {
    block_ = nullptr;
    Begin();
    place(this);
    block_ = AllocateAligned<char>(bytes() + 1);
    Begin();
    place(this);
  }

  // What Build would take, without taking it; place(arena) sees arrays that are null.
  template <typename Place>
  static PlannedArrays Plan(Place place) {
    Arena arena;
    place(&arena);
    return std::move(arena.arrays_);
  }

  // What was taken, by name.
  const PlannedArrays& arrays() const { return arrays_; }
  size_t bytes() const { return used_; }

  // Sets `*array` to room for `count` elements, not initialised, that begins at a cache line of its
  // own. `name` is for people; arrays may share one.
  template <typename T>
  void Take(absl::string_view name, int64_t count, T** array) {
    const size_t bytes = (count * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
    *array = block_ == nullptr ? nullptr : reinterpret_cast<T*>(block_.get() + used_);
    arrays_.Add(name, bytes);
    used_ += bytes;
  }

 private:
  void Begin() {
    arrays_ = {};
    used_ = 0;
  }

  AlignedMemory<char> block_;
  PlannedArrays arrays_;
  size_t used_ = 0;  // bytes
};

}  // namespace ropewalk
