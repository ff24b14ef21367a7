#include "worker/ring/element_loops.h"

#include <algorithm>
#include <cstring>

namespace ropewalk {
namespace {

// Each loop is compiled for every processor and, where there are wider registers, for those.
#define ROPEWALK_INLINE __attribute__((always_inline)) inline
#if defined(__x86_64__)
#define ROPEWALK_WIDE __attribute__((target("avx2")))
bool HasWideRegisters() {
  static const bool has = __builtin_cpu_supports("avx2");
  return has;
}
#else
#define ROPEWALK_WIDE
bool HasWideRegisters() { return false; }
#endif

// Unsigned, because signed overflow is undefined.
struct SumInt32 {
  using Element = uint32_t;
  static constexpr bool kHasSum = true;
  static Element Apply(Element a, Element b) { return a + b; }
};

struct MaxUint8 {
  using Element = uint8_t;
  static constexpr bool kHasSum = false;
  static Element Apply(Element a, Element b) { return std::max(a, b); }
};

struct SumFloat32 {
  using Element = float;
  static constexpr bool kHasSum = false;
  static Element Apply(Element a, Element b) { return a + b; }
};

// `result` may be `mine`.
template <typename Op, typename T = typename Op::Element>
ROPEWALK_INLINE ElementSums ReduceAny(const T* mine, const uint8_t* theirs, T* result,
                                      int64_t count) {
  ElementSums sums;
#if !defined(__clang__)
#pragma GCC ivdep
#endif
  for (int64_t i = 0; i < count; ++i) {
    T element;
    std::memcpy(&element, theirs + i * sizeof(T), sizeof(T));
    const T reduced = Op::Apply(mine[i], element);
    result[i] = reduced;
    if constexpr (Op::kHasSum) {
      sums.theirs += element;
      sums.result += reduced;
    }
  }
  return sums;
}

template <typename Op, typename T = typename Op::Element>
ROPEWALK_WIDE ElementSums ReduceWide(const T* mine, const uint8_t* theirs, T* result,
                                     int64_t count) {
  return ReduceAny<Op>(mine, theirs, result, count);
}

template <typename Op, typename T = typename Op::Element>
ElementSums Reduce(const T* mine, const uint8_t* theirs, T* result, int64_t count) {
  return HasWideRegisters() ? ReduceWide<Op>(mine, theirs, result, count)
                            : ReduceAny<Op>(mine, theirs, result, count);
}

ROPEWALK_INLINE uint32_t ElementAt(const uint8_t* elements, int64_t i) {
  uint32_t element;
  std::memcpy(&element, elements + i * sizeof(element), sizeof(element));
  return element;
}

// Two at a time, from both halves: a processor loads two in a cycle, but a sum takes one.
ROPEWALK_INLINE uint32_t SumOfAny(const uint8_t* elements, int64_t count) {
  const int64_t half = count / 2;
  uint32_t sum = count % 2 == 0 ? 0 : ElementAt(elements, count - 1);
  for (int64_t i = 0; i < half; ++i) sum += ElementAt(elements, i) + ElementAt(elements, half + i);
  return sum;
}

ROPEWALK_WIDE uint32_t SumOfWide(const uint8_t* elements, int64_t count) {
  return SumOfAny(elements, count);
}

ROPEWALK_INLINE uint32_t CopyAny(const uint8_t* from, int64_t count, uint8_t* to) {
  uint32_t sum = 0;
#if !defined(__clang__)
#pragma GCC ivdep
#endif
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t element = ElementAt(from, i);
    std::memcpy(to + i * sizeof(element), &element, sizeof(element));
    sum += element;
  }
  return sum;
}

ROPEWALK_WIDE uint32_t CopyWide(const uint8_t* from, int64_t count, uint8_t* to) {
  return CopyAny(from, count, to);
}

}  // namespace

ElementSums AddInt32(const uint32_t* mine, const uint8_t* theirs, uint32_t* result, int64_t count) {
  return Reduce<SumInt32>(mine, theirs, result, count);
}

ElementSums TakeLargerUint8(const uint8_t* mine, const uint8_t* theirs, uint8_t* result,
                            int64_t count) {
  return Reduce<MaxUint8>(mine, theirs, result, count);
}

ElementSums AddFloat32(const float* mine, const uint8_t* theirs, float* result, int64_t count) {
  return Reduce<SumFloat32>(mine, theirs, result, count);
}

uint32_t SumOfInt32(const uint8_t* elements, int64_t count) {
  return HasWideRegisters() ? SumOfWide(elements, count) : SumOfAny(elements, count);
}

uint32_t CopyInt32(const uint8_t* from, int64_t count, uint8_t* to) {
  return HasWideRegisters() ? CopyWide(from, count, to) : CopyAny(from, count, to);
}

}  // namespace ropewalk
