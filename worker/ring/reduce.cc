#include "worker/ring/reduce.h"

#include <algorithm>
#include <cstring>

#include "worker/ring/ask_for.h"
#include "worker/ring/crc32c.h"
#include "worker/ring/element_loops.h"

namespace ropewalk {
namespace {

struct SumInt32 {
  using Element = uint32_t;
  static constexpr auto kReduce = AddInt32;
};

struct MaxUint8 {
  using Element = uint8_t;
  static constexpr auto kReduce = TakeLargerUint8;
};

struct SumFloat32 {
  using Element = float;
  static constexpr auto kReduce = AddFloat32;
};

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
  sum += CopyInt32(from, count, to);
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
    const ElementSums sums = Op::kReduce(mine_, theirs, result_, count);
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
    if (op == ReduceOp::kSumInt32) checks.sum += SumOfInt32(part, bytes / sizeof(int32_t));
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
