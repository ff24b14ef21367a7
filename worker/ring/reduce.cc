#include "worker/ring/reduce.h"

#include <algorithm>
#include <cstring>

#include "worker/ring/ask_for.h"
#include "worker/ring/crc32c.h"

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

// Of elements, modulo 2^32.
struct Sums {
  uint32_t theirs = 0;
  uint32_t result = 0;
};

// `result` may be `mine`.
template <typename Op, typename T = typename Op::Element>
ROPEWALK_INLINE Sums ReduceAny(const T* mine, const uint8_t* theirs, T* result, int64_t count) {
  Sums sums;
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
ROPEWALK_WIDE Sums ReduceWide(const T* mine, const uint8_t* theirs, T* result, int64_t count) {
  return ReduceAny<Op>(mine, theirs, result, count);
}

template <typename Op, typename T = typename Op::Element>
Sums ReduceRun(const T* mine, const uint8_t* theirs, T* result, int64_t count) {
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

uint32_t SumOf(const uint8_t* elements, int64_t count) {
  return HasWideRegisters() ? SumOfWide(elements, count) : SumOfAny(elements, count);
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

// Copies `size` bytes; what they are worth in the sum of the elements that they are part of, of
// which their ends may divide two. They begin at place `at`.
uint32_t CopyWithSum(const uint8_t* from, size_t size, int64_t at, uint8_t* to) {
  constexpr size_t kBytes = sizeof(uint32_t);
  uint32_t sum = 0;
  const auto copy_byte = [&] {
    sum += uint32_t{*from} << (8 * (at % kBytes));
    *to++ = *from++;
    ++at;
    --size;
  };
  while (size > 0 && at % kBytes != 0) copy_byte();
  const auto count = static_cast<int64_t>(size / kBytes);
  const size_t whole = size / kBytes * kBytes;
  sum += HasWideRegisters() ? CopyWide(from, count, to) : CopyAny(from, count, to);
  from += whole;
  to += whole;
  size -= whole;
  while (size > 0) copy_byte();
  return sum;
}

// In the first cache at a time: of theirs, of mine and of the result.
constexpr size_t kPart = 12 << 10;

// f(bytes, size) for parts of all the payload, in order.
template <typename F>
void ForEachPart(const Payload& payload, F f) {
  for (const Payload::Piece& piece : payload.pieces()) {
    for (size_t begin = 0; begin < piece.bytes.size(); begin += kPart) {
      f(piece.bytes.data() + begin, std::min(kPart, piece.bytes.size() - begin));
    }
  }
}

// Reduces one part after another. Elements that a cut divides are put together in `divided_`.
template <typename Op>
class Reducer {
 public:
  using T = typename Op::Element;

  Reducer(const void* mine, void* result, void* complete)
      : mine_(static_cast<const T*>(mine)),
        result_(static_cast<T*>(result)),
        complete_(static_cast<T*>(complete)) {}

  void Take(const uint8_t* theirs, size_t size) {
    checks_.theirs.crc = ExtendCrc32c(checks_.theirs.crc, theirs, size);
    if (divided_bytes_ > 0) {
      const size_t taken = std::min(size, sizeof(T) - divided_bytes_);
      std::memcpy(divided_ + divided_bytes_, theirs, taken);
      divided_bytes_ += taken;
      theirs += taken;
      size -= taken;
      if (divided_bytes_ < sizeof(T)) return;
      ReduceElements(divided_, 1);
    }
    ReduceElements(theirs, static_cast<int64_t>(size / sizeof(T)));
    divided_bytes_ = size % sizeof(T);
    std::memcpy(divided_, theirs + size - divided_bytes_, divided_bytes_);
  }

  const ReducedChecks& checks() const { return checks_; }

 private:
  void ReduceElements(const uint8_t* theirs, int64_t count) {
    AskFor(mine_ + count, std::min<int64_t>(kPart, count * sizeof(T)));
    const Sums sums = ReduceRun<Op>(mine_, theirs, result_, count);
    checks_.theirs.sum += sums.theirs;
    checks_.result.sum += sums.result;
    checks_.result.crc = ExtendCrc32c(checks_.result.crc, result_, count * sizeof(T));
    if (complete_ != nullptr) {
      std::memcpy(complete_, result_, count * sizeof(T));
      complete_ += count;
    }
    mine_ += count;
    result_ += count;
  }

  const T* mine_;
  T* result_;
  T* complete_;
  uint8_t divided_[sizeof(T)];
  size_t divided_bytes_ = 0;
  ReducedChecks checks_;
};

template <typename Op>
ReducedChecks ReduceAs(const void* mine, const Payload& theirs, void* result, void* complete) {
  Reducer<Op> reducer(mine, result, complete);
  ForEachPart(theirs, [&](const uint8_t* part, size_t size) { reducer.Take(part, size); });
  return reducer.checks();
}

Payload InOnePiece(const void* bytes, int64_t size) {
  return Payload({{absl::MakeSpan(static_cast<const uint8_t*>(bytes), size), nullptr}});
}

}  // namespace

ReducedChecks Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result,
                     void* complete) {
  switch (op) {
    case ReduceOp::kSumInt32:
      return ReduceAs<SumInt32>(mine, theirs, result, complete);
    case ReduceOp::kMaxUint8:
      return ReduceAs<MaxUint8>(mine, theirs, result, complete);
    case ReduceOp::kSumFloat32:
      return ReduceAs<SumFloat32>(mine, theirs, result, complete);
  }
  return {};
}

ChunkChecks ChecksOf(ReduceOp op, const void* elements, int64_t size) {
  ChunkChecks checks;
  ForEachPart(InOnePiece(elements, size), [&](const uint8_t* part, size_t bytes) {
    AskFor(part + bytes, kPart);
    checks.crc = ExtendCrc32c(checks.crc, part, bytes);
    if (op == ReduceOp::kSumInt32) checks.sum += SumOf(part, bytes / sizeof(int32_t));
  });
  return checks;
}

ChunkChecks CopyWithChecks(ReduceOp op, const Payload& from, void* to) {
  ChunkChecks checks;
  auto* const out = static_cast<uint8_t*>(to);
  int64_t at = 0;
  ForEachPart(from, [&](const uint8_t* part, size_t size) {
    checks.crc = ExtendCrc32c(checks.crc, part, size);
    AskFor(out + at + size, kPart);
    if (op == ReduceOp::kSumInt32) {
      checks.sum += CopyWithSum(part, size, at, out + at);
    } else {
      std::memcpy(out + at, part, size);
    }
    at += static_cast<int64_t>(size);
  });
  return checks;
}

ChunkChecks CopyWithChecks(ReduceOp op, const void* from, int64_t size, void* to) {
  return CopyWithChecks(op, InOnePiece(from, size), to);
}

}  // namespace ropewalk
