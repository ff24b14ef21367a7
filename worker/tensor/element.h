#pragma once

#include <cstdint>

#include "worker/tensor/bfloat16.h"

namespace ropewalk {

// What numbers of type T are computed with, and what sums of them are kept in: float for Bfloat16,
// T itself for others.
template <typename T>
struct WideOf {
  using Type = T;
};
template <>
struct WideOf<Bfloat16> {
  using Type = float;
};
template <typename T>
using Wide = typename WideOf<T>::Type;

constexpr float Widen(Bfloat16 x) { return FromBfloat16(x); }
constexpr float Widen(float x) { return x; }
constexpr double Widen(double x) { return x; }

// Rounds to nearest even where T is narrower.
template <typename T>
constexpr T Narrow(Wide<T> x) {
  return x;
}
template <>
constexpr Bfloat16 Narrow<Bfloat16>(float x) {
  return ToBfloat16(x);
}

}  // namespace ropewalk
