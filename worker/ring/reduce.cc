#include "worker/ring/reduce.h"

#include <algorithm>
#include <cstring>

#include "worker/ring/crc32c.h"

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

// `result` may be `mine`.
template <typename Op, typename T = typename Op::Element>
void ReduceRun(const T* mine, const uint8_t* theirs, T* result, int64_t count) {
#if !defined(__clang__)
#pragma GCC ivdep
#endif
  for (int64_t i = 0; i < count; ++i) {
    T element;
    std::memcpy(&element, theirs + i * sizeof(T), sizeof(T));
    result[i] = Op::Apply(mine[i], element);
  }
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
    crcs_.theirs = ExtendCrc32c(crcs_.theirs, theirs, size);
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

  const ReducedCrcs& crcs() const { return crcs_; }

 private:
  void ReduceElements(const uint8_t* theirs, int64_t count) {
    ReduceRun<Op>(mine_, theirs, result_, count);
    crcs_.result = ExtendCrc32c(crcs_.result, result_, count * sizeof(T));
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
  ReducedCrcs crcs_ = {0, 0};
};

template <typename Op>
ReducedCrcs ReduceAs(const void* mine, const Payload& theirs, void* result, void* complete) {
  Reducer<Op> reducer(mine, result, complete);
  ForEachPart(theirs, [&](const uint8_t* part, size_t size) { reducer.Take(part, size); });
  return reducer.crcs();
}

uint32_t CopyPart(uint32_t crc, const uint8_t* from, size_t size, uint8_t* to) {
  std::memcpy(to, from, size);
  return ExtendCrc32c(crc, to, size);
}

}  // namespace

ReducedCrcs Reduce(ReduceOp op, const void* mine, const Payload& theirs, void* result,
                   void* complete) {
  switch (op) {
    case ReduceOp::kSumInt32:
      return ReduceAs<SumInt32>(mine, theirs, result, complete);
    case ReduceOp::kMaxUint8:
      return ReduceAs<MaxUint8>(mine, theirs, result, complete);
    case ReduceOp::kSumFloat32:
      return ReduceAs<SumFloat32>(mine, theirs, result, complete);
  }
  return {0, 0};
}

uint32_t CopyWithCrc(const Payload& from, void* to) {
  auto* out = static_cast<uint8_t*>(to);
  uint32_t crc = 0;
  ForEachPart(from, [&](const uint8_t* part, size_t size) {
    crc = CopyPart(crc, part, size, out);
    out += size;
  });
  return crc;
}

uint32_t CopyWithCrc(const void* from, int64_t size, void* to) {
  return CopyWithCrc(Payload({{absl::MakeSpan(static_cast<const uint8_t*>(from), size), nullptr}}),
                     to);
}

}  // namespace ropewalk
