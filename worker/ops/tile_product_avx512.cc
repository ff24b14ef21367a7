#include "worker/ops/tile_product.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>
#endif

// AVX-512's VDPBF16PS: each of 16 sums takes a pair of products at a time.

namespace ropewalk {
namespace {

#if defined(__x86_64__)

#define ROPEWALK_AVX512 __attribute__((target("avx512f,avx512bf16")))

bool IsSupported() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
}

// Rows whose sums are in registers at a time.
constexpr int kRows = 8;

ROPEWALK_AVX512 inline __m512bh Pair(const Bfloat16* a) {
  int32_t pair;
  std::memcpy(&pair, a, sizeof(pair));
  return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
}

ROPEWALK_AVX512 inline __m512bh Columns(const Bfloat16* b) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(b));
}

ROPEWALK_AVX512 void MultiplyRows(absl::Span<const TileTerm> terms, int64_t first, bool accumulate,
                                  float* c, int64_t c_stride) {
  __m512 left[kRows], right[kRows];
  for (int i = 0; i < kRows; ++i) {
    left[i] = accumulate ? _mm512_loadu_ps(c + i * c_stride) : _mm512_setzero_ps();
    right[i] = accumulate ? _mm512_loadu_ps(c + i * c_stride + 16) : _mm512_setzero_ps();
  }
  for (const TileTerm& term : terms) {
    const Bfloat16* a = term.a + first * term.a_stride;
    const Bfloat16* b = term.b_panel;
    for (int64_t k = 0; k < term.depth; k += 2, a += 2, b += 2 * kTile) {
      const __m512bh b_left = Columns(b), b_right = Columns(b + kTile);
      for (int i = 0; i < kRows; ++i) {
        const __m512bh pair = Pair(a + i * term.a_stride);
        left[i] = _mm512_dpbf16_ps(left[i], pair, b_left);
        right[i] = _mm512_dpbf16_ps(right[i], pair, b_right);
      }
    }
  }
  for (int i = 0; i < kRows; ++i) {
    _mm512_storeu_ps(c + i * c_stride, left[i]);
    _mm512_storeu_ps(c + i * c_stride + 16, right[i]);
  }
}

// The same of the left columns, of twice as many rows.
ROPEWALK_AVX512 void MultiplyRowsHalf(absl::Span<const TileTerm> terms, int64_t first,
                                      bool accumulate, float* c, int64_t c_stride) {
  __m512 sums[2 * kRows];
  for (int i = 0; i < 2 * kRows; ++i) {
    sums[i] = accumulate ? _mm512_loadu_ps(c + i * c_stride) : _mm512_setzero_ps();
  }
  for (const TileTerm& term : terms) {
    const Bfloat16* a = term.a + first * term.a_stride;
    const Bfloat16* b = term.b_panel;
    for (int64_t k = 0; k < term.depth; k += 2, a += 2, b += 2 * kTile) {
      const __m512bh columns = Columns(b);
      for (int i = 0; i < 2 * kRows; ++i) {
        sums[i] = _mm512_dpbf16_ps(sums[i], Pair(a + i * term.a_stride), columns);
      }
    }
  }
  for (int i = 0; i < 2 * kRows; ++i) _mm512_storeu_ps(c + i * c_stride, sums[i]);
}

void MultiplyHalf(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
                  int64_t c_stride) {
  for (int64_t first = 0; first < rows; first += 2 * kRows) {
    MultiplyRowsHalf(terms, first, accumulate, c + first * c_stride, c_stride);
  }
}

// Of a started group of kRows rows all are read.
void Multiply(absl::Span<const TileTerm> terms, int64_t rows, bool accumulate, float* c,
              int64_t c_stride) {
  for (int64_t first = 0; first < rows; first += kRows) {
    MultiplyRows(terms, first, accumulate, c + first * c_stride, c_stride);
  }
}

#else

bool IsSupported() { return false; }
void Multiply(absl::Span<const TileTerm>, int64_t, bool, float*, int64_t) {}
void MultiplyHalf(absl::Span<const TileTerm>, int64_t, bool, float*, int64_t) {}

#endif

void Nothing() {}

}  // namespace

const TileKernel kAvx512TileKernel = {"avx512", IsSupported, 2,           Nothing,
                                      Nothing,  Multiply,    MultiplyHalf};

}  // namespace ropewalk
