#include "worker/ops/score_loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "worker/ops/panels.h"

// GCC before 13 takes the undefined vectors in its own header for mistakes (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace ropewalk {

#if defined(__x86_64__)

bool Avx512ScoreLoopsWork() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bf16");
}

namespace {

#define ROPEWALK_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512bf16")))
#define ROPEWALK_AVX512_INLINE inline __attribute__((always_inline)) ROPEWALK_AVX512

constexpr int kWidth = 16;  // of a vector

// 2^x = 2^floor(x) 2^r by minimax polynomials of 2^r on [0, 1): of degree 3, within 7.5e-5, for one
// plane, of degree 6, within 2e-9, for more. Far below the smallest number it is 0.
template <int kPlanes>
ROPEWALK_AVX512_INLINE __m512 Exp2(__m512 x) {
  constexpr int kBelow = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
  const __m512 r = _mm512_reduce_ps(x, kBelow);
  constexpr float kCoarse[] = {0.0780245226f, 0.226067155f, 0.69583354f, 0.999925219f};
  constexpr float kFine[] = {0.000217043882f,
                             0.00124393637f,
                             0.00967883538f,
                             0.0554833711f,
                             0.240229822f,
                             0.693146986f,
                             1.0f};
  const float* const c = kPlanes == 1 ? kCoarse : kFine;
  __m512 p = _mm512_set1_ps(c[0]);
  for (int i = 1; i <= (kPlanes == 1 ? 3 : 6); ++i) {
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(c[i]));
  }
  return _mm512_scalef_ps(p, x);
}

// The two as one vector of bfloat16, `low` first; leaves in them what rounding took.
template <int kPlanes>
ROPEWALK_AVX512_INLINE __m512i TakePlane(__m512* low, __m512* high) {
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(*high, *low));
  if constexpr (kPlanes > 1) {
    const __m512i a = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(both));
    const __m512i b = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(both, 1));
    *low = _mm512_sub_ps(*low, _mm512_castsi512_ps(_mm512_slli_epi32(a, 16)));
    *high = _mm512_sub_ps(*high, _mm512_castsi512_ps(_mm512_slli_epi32(b, 16)));
  }
  return both;
}

// Indices that take elements of the first and the second half of 32 in turn, `first` on.
struct alignas(64) HalvesInTurn {
  uint16_t index[32];
  constexpr HalvesInTurn(int first, int apart) : index() {
    for (int i = 0; i < 32; ++i) index[i] = first + i / 2 + i % 2 * apart;
  }
};
constexpr HalvesInTurn kPairs(0, 16), kLeftPairs(0, 32), kRightPairs(16, 32);

// Half of the columns.
template <int kPlanes>
ROPEWALK_AVX512 void SoftmaxHalf(int64_t keys, float scale2, const float* scores, float* max,
                                 float* sum, float* factor, const PlanesOut& panel) {
  const __m512 scale = _mm512_set1_ps(scale2), old_max = _mm512_load_ps(max);
  __m512 even_max = old_max, odd_max = old_max;
  for (int64_t k = 0; k < keys; k += 2) {
    even_max = _mm512_max_ps(even_max, _mm512_loadu_ps(scores + k * kTile));
    odd_max = _mm512_max_ps(odd_max, _mm512_loadu_ps(scores + k * kTile + kTile));
  }
  const __m512 new_max = _mm512_max_ps(even_max, odd_max), shift = _mm512_mul_ps(scale, new_max);
  const __m512 by = Exp2<kMaxPlanes>(_mm512_mul_ps(scale, _mm512_sub_ps(old_max, new_max)));
  const __m512i pairs = _mm512_load_si512(kPairs.index);
  __m512 even_sum = _mm512_mul_ps(_mm512_load_ps(sum), by), odd_sum = _mm512_setzero_ps();
  Bfloat16* out = panel.out;
  for (int64_t k = 0; k < keys; k += 2, scores += 2 * kTile, out += 2 * kTile) {
    __m512 even = Exp2<kPlanes>(_mm512_fmsub_ps(scale, _mm512_loadu_ps(scores), shift));
    __m512 odd = Exp2<kPlanes>(_mm512_fmsub_ps(scale, _mm512_loadu_ps(scores + kTile), shift));
    even_sum = _mm512_add_ps(even_sum, even);
    odd_sum = _mm512_add_ps(odd_sum, odd);
    for (int p = 0; p < kPlanes; ++p) {
      const __m512i both = TakePlane<kPlanes>(&even, &odd);
      _mm512_storeu_si512(out + p * panel.plane, _mm512_permutexvar_epi16(pairs, both));
    }
  }
  _mm512_store_ps(max, new_max);
  _mm512_store_ps(sum, _mm512_add_ps(even_sum, odd_sum));
  _mm512_store_ps(factor, by);
}

void Softmax(int planes, int64_t keys, float scale2, const float* scores, OnlineSoftmax* softmax,
             const PlanesOut& panel) {
  for (int at = 0; at < kTile; at += kWidth) {
    (planes == 1 ? SoftmaxHalf<1> : SoftmaxHalf<kMaxPlanes>)(keys, scale2, scores + at,
                                                             softmax->max + at, softmax->sum + at,
                                                             softmax->factor + at,
                                                             {panel.out + 2 * at, panel.plane});
  }
}

template <int kPlanes>
ROPEWALK_AVX512_INLINE void StoreRow(__m512 left, __m512 right, const PlanesOut& out, int64_t at,
                                     __m512i* rows) {
  for (int p = 0; p < kPlanes; ++p) {
    rows[p] = TakePlane<kPlanes>(&left, &right);
    _mm512_storeu_si512(out.out + p * out.plane + at, rows[p]);
  }
}

template <int kPlanes>
ROPEWALK_AVX512 void GradientOf(float scale2, const float* scores, const float* dp,
                                const float* log_sum2, const float* own, ScoreGradients to) {
  const __m512 scale = _mm512_set1_ps(scale2);
  const __m512 shifts[2] = {_mm512_loadu_ps(log_sum2), _mm512_loadu_ps(log_sum2 + kWidth)};
  const __m512 owns[2] = {_mm512_loadu_ps(own), _mm512_loadu_ps(own + kWidth)};
  const __m512i left_pairs = _mm512_load_si512(kLeftPairs.index);
  const __m512i right_pairs = _mm512_load_si512(kRightPairs.index);
  for (int64_t k = 0; k < kTile; k += 2) {
    __m512i ds_rows[2][kPlanes], p_row[kPlanes];
    for (int row = 0; row < 2; ++row) {
      __m512 p[2], ds[2];
      for (int half = 0; half < 2; ++half) {
        const int64_t at = (k + row) * kTile + half * kWidth;
        p[half] = Exp2<kPlanes>(_mm512_fmsub_ps(scale, _mm512_loadu_ps(scores + at), shifts[half]));
        ds[half] = _mm512_mul_ps(p[half], _mm512_sub_ps(_mm512_loadu_ps(dp + at), owns[half]));
      }
      StoreRow<kPlanes>(p[0], p[1], to.p, (k + row) * to.stride, p_row);
      StoreRow<kPlanes>(ds[0], ds[1], to.ds, (k + row) * to.stride, ds_rows[row]);
    }
    for (int p = 0; p < kPlanes; ++p) {
      Bfloat16* const out = to.ds_panel.out + p * to.ds_panel.plane + k * kTile;
      _mm512_storeu_si512(out, _mm512_permutex2var_epi16(ds_rows[0][p], left_pairs, ds_rows[1][p]));
      _mm512_storeu_si512(out + kTile,
                          _mm512_permutex2var_epi16(ds_rows[0][p], right_pairs, ds_rows[1][p]));
    }
  }
}

void Gradient(int planes, float scale2, const float* scores, const float* dp, const float* log_sum2,
              const float* own, const ScoreGradients& gradients) {
  (planes == 1 ? GradientOf<1> : GradientOf<kMaxPlanes>)(scale2, scores, dp, log_sum2, own,
                                                         gradients);
}

}  // namespace

const ScoreLoops kAvx512ScoreLoops = {Softmax, Gradient};

#else

bool Avx512ScoreLoopsWork() { return false; }
const ScoreLoops kAvx512ScoreLoops = kPlainScoreLoops;

#endif

}  // namespace ropewalk
