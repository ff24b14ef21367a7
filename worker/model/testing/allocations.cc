#include "worker/model/testing/allocations.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> count = 0;

void* Allocate(size_t size, size_t alignment) {
  ++count;
  const size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* const memory = memalign(alignment, rounded)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// What AllocateAligned calls.
extern "C" void* aligned_alloc(size_t alignment, size_t size) noexcept {
  ++count;
  return memalign(alignment, size);
}

void* operator new(size_t size) { return Allocate(size, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++count;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace ropewalk::testing {

int64_t AllocationCount() { return count; }

}  // namespace ropewalk::testing
