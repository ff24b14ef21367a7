#include "worker/ring/wire_format.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ropewalk {
namespace {

// Each loop is compiled for every processor and, where there are wide registers, for those.
#define ROPEWALK_WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define ROPEWALK_INLINE __attribute__((always_inline)) inline

bool HasWideRegisters() {
  static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return has;
}

constexpr uint32_t kAbsolute = 0x7fffffff;
constexpr uint32_t kInfinity = 0x7f800000;

// Below, 127 / scale would not be finite; such elements are rounded to 0.
constexpr float kLeastScaled = 1e-35f;

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

struct Bfloat16 {
  ROPEWALK_INLINE static void Encode(const float* x, int64_t count, uint8_t* wire) {
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t bits = std::bit_cast<uint32_t>(x[i]);
      const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
      const uint32_t quiet_nan = (bits >> 16) | 0x40;
      const auto half = static_cast<uint16_t>((bits & kAbsolute) > kInfinity ? quiet_nan : rounded);
      std::memcpy(wire + 2 * i, &half, sizeof(half));
    }
  }

  template <bool kAdd>
  ROPEWALK_INLINE static void Decode(const uint8_t* wire, int64_t count, float* x) {
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t bits = static_cast<uint32_t>(Load<uint16_t>(wire + 2 * i)) << 16;
      const float value = std::bit_cast<float>(bits);
      x[i] = kAdd ? x[i] + value : value;
    }
  }
};

// One block; its scale comes first.
struct Int8 {
  // As integers, bits of magnitudes are ordered as the magnitudes are, and NaN comes last.
  ROPEWALK_INLINE static float LargestMagnitude(const float* x, int64_t count) {
    uint32_t largest = 0;
    for (int64_t i = 0; i < count; ++i) {
      largest = std::max(largest, std::bit_cast<uint32_t>(x[i]) & kAbsolute);
    }
    return std::bit_cast<float>(largest);
  }

  ROPEWALK_INLINE static void Encode(const float* x, int64_t count, uint8_t* wire) {
    const float largest = LargestMagnitude(x, count);
    const float scale = largest < kLeastScaled ? 0 : largest / 127;
    const float factor = scale == 0 ? 0 : 1 / scale;
    std::memcpy(wire, &scale, sizeof(scale));
    // Its last bits are units, so adding it rounds to a whole number, which they then hold.
    constexpr float kRounder = 12582912;  // 1.5 * 2^23
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t bits = std::bit_cast<uint32_t>(x[i] * factor + kRounder);
      wire[sizeof(scale) + i] = static_cast<uint8_t>(bits);
    }
  }

  template <bool kAdd>
  ROPEWALK_INLINE static void Decode(const uint8_t* wire, int64_t count, float* x) {
    const auto scale = Load<float>(wire);
    for (int64_t i = 0; i < count; ++i) {
      const float value = scale * static_cast<int8_t>(wire[sizeof(scale) + i]);
      x[i] = kAdd ? x[i] + value : value;
    }
  }
};

ROPEWALK_INLINE void EncodeAny(WireFormat format, const float* x, int64_t count, uint8_t* wire) {
  if (format == WireFormat::kBfloat16) return Bfloat16::Encode(x, count, wire);
  for (int64_t i = 0; i < count; i += kInt8Block) {
    const int64_t size = std::min(kInt8Block, count - i);
    Int8::Encode(x + i, size, wire);
    wire += sizeof(float) + size;
  }
}

template <bool kAdd>
ROPEWALK_INLINE void DecodeAny(WireFormat format, const uint8_t* wire, int64_t count, float* x) {
  if (format == WireFormat::kBfloat16) return Bfloat16::Decode<kAdd>(wire, count, x);
  for (int64_t i = 0; i < count; i += kInt8Block) {
    const int64_t size = std::min(kInt8Block, count - i);
    Int8::Decode<kAdd>(wire, size, x + i);
    wire += sizeof(float) + size;
  }
}

ROPEWALK_WIDE void EncodeWide(WireFormat format, const float* x, int64_t count, uint8_t* wire) {
  EncodeAny(format, x, count, wire);
}

template <bool kAdd>
ROPEWALK_WIDE void DecodeWide(WireFormat format, const uint8_t* wire, int64_t count, float* x) {
  DecodeAny<kAdd>(format, wire, count, x);
}

template <bool kAdd>
void Decode(WireFormat format, const uint8_t* wire, int64_t count, float* x) {
  HasWideRegisters() ? DecodeWide<kAdd>(format, wire, count, x)
                     : DecodeAny<kAdd>(format, wire, count, x);
}

}  // namespace

int64_t WireBytes(WireFormat format, int64_t count) {
  switch (format) {
    case WireFormat::kPlain:
      return 4 * count;
    case WireFormat::kBfloat16:
      return 2 * count;
    case WireFormat::kInt8:
      return count + (count + kInt8Block - 1) / kInt8Block * static_cast<int64_t>(sizeof(float));
  }
  return 0;
}

void EncodeFloats(WireFormat format, const float* x, int64_t count, uint8_t* wire) {
  if (format == WireFormat::kPlain) {
    std::copy_n(reinterpret_cast<const uint8_t*>(x), 4 * count, wire);
  } else {
    HasWideRegisters() ? EncodeWide(format, x, count, wire) : EncodeAny(format, x, count, wire);
  }
}

void DecodeFloats(WireFormat format, const uint8_t* wire, int64_t count, float* x) {
  if (format == WireFormat::kPlain) {
    std::copy_n(wire, 4 * count, reinterpret_cast<uint8_t*>(x));
  } else {
    Decode<false>(format, wire, count, x);
  }
}

void AddFloats(WireFormat format, const uint8_t* wire, int64_t count, float* sums) {
  if (format == WireFormat::kPlain) {
    for (int64_t i = 0; i < count; ++i) sums[i] += Load<float>(wire + 4 * i);
  } else {
    Decode<true>(format, wire, count, sums);
  }
}

}  // namespace ropewalk
