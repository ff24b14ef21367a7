#pragma once

#include <cstdint>
#include <type_traits>

#include "worker/tensor/element.h"

namespace ropewalk {

// y += x. All [n].
template <typename T>
void Add(int64_t n, const T* x, T* y);

// y -= x. All [n].
template <typename T>
void Subtract(int64_t n, const std::type_identity_t<T>* x, T* y);

// y = x, rounded to nearest even where T is narrower. All [n].
template <typename T>
void RoundTo(int64_t n, const Wide<T>* x, T* y);

// y = x, exactly. All [n].
template <typename T>
void WidenFrom(int64_t n, const T* x, Wide<T>* y);

// The index of the largest element, the first on a tie. REQUIRES: n > 0.
template <typename T>
int64_t ArgMax(int64_t n, const T* x);

}  // namespace ropewalk
