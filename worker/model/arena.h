#pragma once

#include <cstdint>
#include <memory>
#include <new>

namespace ropewalk {

// One block of memory that is divided into arrays once, so that a step allocates nothing.
template <typename T>
class Arena {
 public:
  // Calls place(arena) twice, first to measure and then with the memory there; it must take the
  // same arrays each time. What was taken before is gone.
  template <typename Place>
  void Build(Place place) {
    block_ = nullptr;
    used_ = 0;
    place(this);
    block_.reset(static_cast<T*>(::operator new(used_ + 1, std::align_val_t(kAlignment))));
    used_ = 0;
    place(this);
  }

  // What was taken, in bytes.
  size_t bytes() const { return used_; }

  // Room for `count` elements, not initialised, that begins at a cache line of its own.
  T* Take(int64_t count) {
    T* const taken = block_ == nullptr ? nullptr : block_.get() + used_ / sizeof(T);
    used_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return taken;
  }

 private:
  static constexpr size_t kAlignment = 64;
  struct Free {
    void operator()(T* block) const { ::operator delete(block, std::align_val_t(kAlignment)); }
  };

  std::unique_ptr<T, Free> block_;
  size_t used_ = 0;  // bytes
};

}  // namespace ropewalk
