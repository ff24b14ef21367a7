#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

// Building blocks of the ops' inner loops, to be inlined into functions marked ROPEWALK_SIMD. Sums
// run in kLanes independent lanes that are added in a fixed order, so that a compiler may use
// vectors of any width and the bits are the same.

namespace ropewalk {

#define ROPEWALK_INLINE inline __attribute__((always_inline))

// Before a loop whose outputs may be its inputs, element for element, but overlap in no other way:
// it vectorises without a check.
#if defined(__clang__)
#define ROPEWALK_ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
#else
#define ROPEWALK_ELEMENTWISE _Pragma("GCC ivdep")
#endif

inline constexpr int kLanes = 16;

template <typename T>
ROPEWALK_INLINE T SumLanes(T* lanes) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

// sum of f(i) over [0, n).
template <typename T, typename F>
ROPEWALK_INLINE T Sum(int64_t n, F f) {
  T lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) lanes[l] += f(i + l);
  }
  for (int l = 0; i < n; ++i, ++l) lanes[l] += f(i);
  return SumLanes(lanes);
}

template <typename T>
ROPEWALK_INLINE T Dot(int64_t n, const T* a, const T* b) {
  return Sum<T>(n, [=](int64_t i) { return a[i] * b[i]; });
}

template <typename T>
ROPEWALK_INLINE T Max(int64_t n, const T* x) {
  T lanes[kLanes];
  for (int l = 0; l < kLanes; ++l) lanes[l] = x[0];
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int l = 0; l < kLanes; ++l) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  }
  for (; i < n; ++i) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  for (int l = 1; l < kLanes; ++l) lanes[0] = lanes[l] > lanes[0] ? lanes[l] : lanes[0];
  return lanes[0];
}

// kVecSize numbers side by side, for loops that must keep their sums in registers.
inline constexpr int64_t kVecSize = 8;
template <typename T>
struct VecOf {
  typedef T Type __attribute__((vector_size(kVecSize * sizeof(T)), aligned(sizeof(T)), may_alias));
};
template <typename T>
using Vec = typename VecOf<T>::Type;

template <typename T>
ROPEWALK_INLINE Vec<T> Load(const T* x) {
  return *reinterpret_cast<const Vec<T>*>(x);
}

template <typename T>
ROPEWALK_INLINE void Store(const Vec<T>& values, T* x) {
  *reinterpret_cast<Vec<T>*>(x) = values;
}

// y += a * x for short rows that do not overlap. [n].
template <typename T>
ROPEWALK_INLINE void AddRow(int64_t n, T a, const T* x, T* y) {
  int64_t i = 0;
  for (; i + kVecSize <= n; i += kVecSize) Store<T>(Load(y + i) + a * Load(x + i), y + i);
  for (; i < n; ++i) y[i] += a * x[i];
}

// y += a * x. [n].
template <typename T>
ROPEWALK_INLINE void AddScaled(int64_t n, T a, const T* x, T* y) {
  for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

ROPEWALK_INLINE double Exp(double x) { return std::exp(x); }

// exp within 2 units in the last place, in a form that vectorises: x = n ln 2 + r with |r| <= ln 2
// / 2, exp(r) by its Taylor polynomial of degree 7, 2^n by its exponent. REQUIRES: |x| <= 88, or
// NaN, which gives some number.
ROPEWALK_INLINE float ExpWithin88(float x) {
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23
  const float shifted = x * 1.44269504f + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const uint32_t exponent =
      (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kRounder) + 127) << 23;
  return p * std::bit_cast<float>(exponent);
}

// The same for any x: below -87 it is 0, above 88 it is that of 88.
ROPEWALK_INLINE float Exp(float x) {
  const float result = ExpWithin88(x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x));
  return x < -87.0f ? 0.0f : result;
}

// 1 / x within 2 units in the last place, for x in [2^-120, 2^120], several times as fast as a
// division: a guess from x's bits within 1/8, which three steps of Newton's method make exact.
ROPEWALK_INLINE float Reciprocal(float x) {
  float y = std::bit_cast<float>(0x7ef311c7u - std::bit_cast<uint32_t>(x));
  for (int step = 0; step < 3; ++step) y = y * (2.0f - x * y);
  return y;
}

// 1 / (1 + exp(-x)); below -80 that of -80.
ROPEWALK_INLINE double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
ROPEWALK_INLINE float Sigmoid(float x) {
  return Reciprocal(1.0f + ExpWithin88(x < -80.0f ? 80.0f : (x > 80.0f ? -80.0f : -x)));
}

}  // namespace ropewalk
