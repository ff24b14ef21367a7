#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "worker/ring/ring_buffer.h"
#include "worker/ring/ring_schedule.h"

namespace ropewalk {

inline int32_t IntOf(int rank, int64_t i) {
  return static_cast<int32_t>(static_cast<uint32_t>(i * 2654435761u) * (2 * rank + 1));
}
inline uint8_t ByteOf(int rank, int64_t i) { return static_cast<uint8_t>(i * 31 + rank * 97); }
inline float FloatOf(int rank, int64_t i) {
  return 0.37f * static_cast<float>(i % 1000) - 11.f * rank;
}

// A rank's elements of each kind, which tell rank and place.
struct Vectors {
  std::vector<int32_t> ints;
  std::vector<uint8_t> bytes;
  std::vector<float> floats;

  Vectors(int rank, int64_t count) : ints(count), bytes(count), floats(count) {
    for (int64_t i = 0; i < count; ++i) {
      ints[i] = IntOf(rank, i);
      bytes[i] = ByteOf(rank, i);
      floats[i] = FloatOf(rank, i);
    }
  }

  std::vector<RingBuffer> Buffers(const std::shared_ptr<const void>& owner = nullptr) {
    const auto count = static_cast<int64_t>(ints.size());
    return {{ints.data(), count, ReduceOp::kSumInt32, owner},
            {bytes.data(), count, ReduceOp::kMaxUint8, owner},
            {floats.data(), count, ReduceOp::kSumFloat32, owner}};
  }

  void Scribble() {
    std::fill(ints.begin(), ints.end(), -1);
    std::fill(bytes.begin(), bytes.end(), uint8_t{0xff});
    std::fill(floats.begin(), floats.end(), -1.f);
  }
};

// `result` holds, within `range`, what one after another would have summed up of all ranks.
inline void ExpectSerialResult(const Vectors& result, int ranks, ElementRange range) {
  for (int64_t i = range.begin; i < range.end; ++i) {
    uint32_t sum = 0;
    uint8_t max = 0;
    double float_sum = 0;
    for (int rank = 0; rank < ranks; ++rank) {
      sum += static_cast<uint32_t>(IntOf(rank, i));
      max = std::max(max, ByteOf(rank, i));
      float_sum += FloatOf(rank, i);
    }
    ASSERT_EQ(static_cast<uint32_t>(result.ints[i]), sum) << i;
    ASSERT_EQ(result.bytes[i], max) << i;
    ASSERT_NEAR(result.floats[i], float_sum, 1e-3) << i;
  }
}

}  // namespace ropewalk
