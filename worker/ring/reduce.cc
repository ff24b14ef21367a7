#include "worker/ring/reduce.h"

#include <algorithm>
#include <cstring>

namespace ropewalk {
namespace {

// Unsigned, because signed overflow is undefined.
struct SumInt32 {
  using Element = uint32_t;
  static Element Apply(Element a, Element b) { return a + b; }
};

struct MaxUint8 {
  using Element = uint8_t;
  static Element Apply(Element a, Element b) { return std::max(a, b); }
};

struct SumFloat32 {
  using Element = float;
  static Element Apply(Element a, Element b) { return a + b; }
};

template <typename Op, typename T = typename Op::Element>
void ReduceRun(const T* __restrict mine, const uint8_t* __restrict theirs, T* __restrict result,
               int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T element;
    std::memcpy(&element, theirs + i * sizeof(T), sizeof(T));
    result[i] = Op::Apply(mine[i], element);
  }
}

// Elements that a cut of `theirs` divides are put together in `divided`.
template <typename Op, typename T = typename Op::Element>
void ReducePieces(const T* mine, const Payload& theirs, T* result) {
  uint8_t divided[sizeof(T)];
  size_t divided_bytes = 0;
  for (const Payload::Piece& piece : theirs.pieces()) {
    const uint8_t* next = piece.bytes.data();
    size_t left = piece.bytes.size();
    if (divided_bytes > 0) {
      const size_t taken = std::min(left, sizeof(T) - divided_bytes);
      std::memcpy(divided + divided_bytes, next, taken);
      divided_bytes += taken;
      next += taken;
      left -= taken;
      if (divided_bytes < sizeof(T)) continue;
      ReduceRun<Op>(mine++, divided, result++, 1);
    }
    const int64_t whole = static_cast<int64_t>(left / sizeof(T));
    ReduceRun<Op>(mine, next, result, whole);
    mine += whole;
    result += whole;
    divided_bytes = left % sizeof(T);
    std::memcpy(divided, next + left - divided_bytes, divided_bytes);
  }
}

template <typename Op, typename T = typename Op::Element>
void ReduceAs(const void* mine, const Payload& theirs, void* result) {
  ReducePieces<Op>(static_cast<const T*>(mine), theirs, static_cast<T*>(result));
}

}  // namespace

void Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result) {
  switch (op) {
    case ReduceOp::kSumInt32:
      return ReduceAs<SumInt32>(mine, theirs, result);
    case ReduceOp::kMaxUint8:
      return ReduceAs<MaxUint8>(mine, theirs, result);
    case ReduceOp::kSumFloat32:
      return ReduceAs<SumFloat32>(mine, theirs, result);
  }
}

}  // namespace ropewalk
