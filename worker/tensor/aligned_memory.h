#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace ropewalk {

// Memory for arrays that whole loops run through: it begins at a cache line of its own and, if it
// is large, lies in huge pages where the system has them. Not initialised.
struct FreeAligned {
  void operator()(void* memory) const { std::free(memory); }
};
template <typename T>
using AlignedMemory = std::unique_ptr<T[], FreeAligned>;

inline constexpr size_t kCacheLine = 64;
inline constexpr size_t kHugePage = size_t{2} << 20;

template <typename T>
AlignedMemory<T> AllocateAligned(size_t count) {
  const size_t bytes = count * sizeof(T);
  const size_t alignment = bytes >= kHugePage / 4 ? kHugePage : kCacheLine;
  const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc();
  // Refused where there are no huge pages, which changes nothing but the time.
  if (alignment == kHugePage) (void)madvise(memory, rounded, MADV_HUGEPAGE);
  return AlignedMemory<T>(static_cast<T*>(memory));
}

// A vector in such memory.
template <typename T>
struct AlignedAllocator {
  using value_type = T;

  AlignedAllocator() = default;
  template <typename U>
  AlignedAllocator(const AlignedAllocator<U>&) {}

  T* allocate(size_t count) { return AllocateAligned<T>(count).release(); }
  void deallocate(T* memory, size_t) { std::free(memory); }

  bool operator==(const AlignedAllocator&) const = default;
};
template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace ropewalk
