#include "worker/ring/crc32c.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <array>
#include <cstring>

namespace ropewalk {
namespace {

// Polynomials modulo 2 with the highest power in the lowest bit, as in the standard.
constexpr uint32_t kPolynomial = 0x82f63b78;

constexpr uint32_t TimesX(uint32_t a) { return a >> 1 ^ (a & 1 ? kPolynomial : 0); }

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// tables[k][b]: what the byte b becomes k bytes further on (Kounavis & Berry, "A systematic
// approach to building high performance software-based CRC generators", 2005).
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t crc = b;
    for (int i = 0; i < 8; ++i) crc = TimesX(crc);
    tables[0][b] = crc;
  }
  for (int k = 1; k < 8; ++k) {
    for (uint32_t b = 0; b < 256; ++b) {
      const uint32_t before = tables[k - 1][b];
      tables[k][b] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = MakeTables();

uint64_t Load(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

uint32_t ByTables(uint32_t crc, const uint8_t* bytes, size_t size) {
  for (; size >= 8; bytes += 8, size -= 8) {
    const uint64_t word = Load(bytes) ^ crc;
    crc = 0;
    for (int i = 0; i < 8; ++i) crc ^= kTables[7 - i][word >> (8 * i) & 0xff];
  }
  for (; size > 0; ++bytes, --size) crc = crc >> 8 ^ kTables[0][(crc ^ *bytes) & 0xff];
  return crc;
}

#if defined(__x86_64__)

#define ROPEWALK_CRC __attribute__((target("sse4.2,pclmul")))

bool HasInstructions() {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

// The factor by which Shift moves a CRC over so many bytes of zeros. The instructions multiply by
// x^33 besides.
constexpr uint32_t FactorOf(size_t bytes) {
  uint32_t power = 0x80000000;  // x^0
  for (size_t i = 0; i < 8 * bytes - 33; ++i) power = TimesX(power);
  return power;
}

ROPEWALK_CRC inline uint32_t Shift(uint32_t crc, uint32_t factor) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(crc)),
                                               _mm_cvtsi32_si128(static_cast<int>(factor)), 0);
  return static_cast<uint32_t>(_mm_crc32_u64(0, _mm_cvtsi128_si64(product)));
}

// Three lanes side by side, because an instruction takes three cycles and one can begin in each
// (Gopal et al., "Fast CRC computation for iSCSI polynomial using CRC32 instruction", 2011).
template <size_t kLane>
ROPEWALK_CRC inline uint32_t ByLanes(uint32_t crc, const uint8_t** bytes, size_t* size) {
  constexpr uint32_t kOneLane = FactorOf(kLane), kTwoLanes = FactorOf(2 * kLane);
  const uint8_t* p = *bytes;
  for (; *size >= 3 * kLane; p += 3 * kLane, *size -= 3 * kLane) {
    uint64_t a = crc, b = 0, c = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      a = _mm_crc32_u64(a, Load(p + i));
      b = _mm_crc32_u64(b, Load(p + kLane + i));
      c = _mm_crc32_u64(c, Load(p + 2 * kLane + i));
    }
    crc = Shift(static_cast<uint32_t>(a), kTwoLanes) ^ Shift(static_cast<uint32_t>(b), kOneLane) ^
          static_cast<uint32_t>(c);
  }
  *bytes = p;
  return crc;
}

ROPEWALK_CRC uint32_t ByInstructions(uint32_t crc, const uint8_t* bytes, size_t size) {
  crc = ByLanes<1024>(crc, &bytes, &size);
  crc = ByLanes<128>(crc, &bytes, &size);
  for (; size >= 8; bytes += 8, size -= 8) {
    crc = static_cast<uint32_t>(_mm_crc32_u64(crc, Load(bytes)));
  }
  for (; size > 0; ++bytes, --size) crc = _mm_crc32_u8(crc, *bytes);
  return crc;
}

#define ROPEWALK_FOLD __attribute__((target("avx512f,avx512vl,avx512dq,vpclmulqdq,pclmul,sse4.2")))

bool CanFold() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("vpclmulqdq");
}

constexpr int64_t Power(int exponent) {
  uint32_t power = 0x80000000;  // x^0
  for (int i = 0; i < exponent; ++i) power = TimesX(power);
  return int64_t{power} << 1;  // a product of two reflected numbers lacks a factor x
}

// The factors of a lane's halves, by which it is multiplied by x^kBits: the lower half has the
// higher powers. Each factor has 32 zeros to its right.
template <int kBits>
struct Factors {
  static constexpr int64_t kLower = Power(kBits + 32), kUpper = Power(kBits - 32);

  ROPEWALK_FOLD static __m128i Once() { return _mm_set_epi64x(kUpper, kLower); }
  ROPEWALK_FOLD static __m512i FourTimes() {
    return _mm512_set4_epi64(kUpper, kLower, kUpper, kLower);
  }
};

// What `lanes` is worth as many bits further on as `factors` are for, and what stands there.
ROPEWALK_FOLD inline __m512i Fold(__m512i lanes, __m512i factors, __m512i next) {
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(lanes, factors, 0x00),
                                   _mm512_clmulepi64_epi128(lanes, factors, 0x11), next, 0x96);
}

ROPEWALK_FOLD inline __m128i Fold(__m128i lane, __m128i factors, __m128i next) {
  return _mm_ternarylogic_epi64(_mm_clmulepi64_si128(lane, factors, 0x00),
                                _mm_clmulepi64_si128(lane, factors, 0x11), next, 0x96);
}

// Folds 256 bytes into the next 256 (Gopal et al., "Fast CRC computation for generic polynomials
// using PCLMULQDQ instruction", 2009, with four lanes a register), as far as there are. REQUIRES:
// *size >= 256.
ROPEWALK_FOLD uint32_t ByFolding(uint32_t crc, const uint8_t** bytes, size_t* size) {
  const __m512i by_2048 = Factors<2048>::FourTimes(), by_512 = Factors<512>::FourTimes();
  const __m128i by_128 = Factors<128>::Once();
  const uint8_t* p = *bytes;
  __m512i lanes[4];
  for (int i = 0; i < 4; ++i) lanes[i] = _mm512_loadu_si512(p + 64 * i);
  lanes[0] =
      _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc))));
  for (p += 256, *size -= 256; *size >= 256; p += 256, *size -= 256) {
    for (int i = 0; i < 4; ++i) {
      lanes[i] = Fold(lanes[i], by_2048, _mm512_loadu_si512(p + 64 * i));
    }
  }
  for (int i = 0; i < 3; ++i) lanes[i + 1] = Fold(lanes[i], by_512, lanes[i + 1]);
  alignas(64) __m128i last[4];
  _mm512_store_si512(last, lanes[3]);
  for (int i = 0; i < 3; ++i) last[i + 1] = Fold(last[i], by_128, last[i + 1]);
  *bytes = p;
  const uint64_t half = _mm_crc32_u64(0, static_cast<uint64_t>(_mm_extract_epi64(last[3], 0)));
  return static_cast<uint32_t>(
      _mm_crc32_u64(half, static_cast<uint64_t>(_mm_extract_epi64(last[3], 1))));
}

#else

bool HasInstructions() { return false; }
bool CanFold() { return false; }
uint32_t ByFolding(uint32_t crc, const uint8_t**, size_t*) { return crc; }
uint32_t ByInstructions(uint32_t crc, const uint8_t* bytes, size_t size) {
  return ByTables(crc, bytes, size);
}

#endif

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, const void* bytes, size_t size) {
  static const bool has_instructions = HasInstructions(), can_fold = CanFold();
  const auto* p = static_cast<const uint8_t*>(bytes);
  crc = ~crc;
  if (can_fold && size >= 256) crc = ByFolding(crc, &p, &size);
  return ~(has_instructions ? ByInstructions(crc, p, size) : ByTables(crc, p, size));
}

uint32_t ExtendCrc32cByTables(uint32_t crc, const void* bytes, size_t size) {
  return ~ByTables(~crc, static_cast<const uint8_t*>(bytes), size);
}

}  // namespace ropewalk
