#pragma once

#include <cstdint>

namespace ropewalk {

enum class Transpose { kNo, kYes };

// c = op(a) op(b) + beta c, all row-major without gaps: op(a) is [m, k], op(b) is [k, n], c is [m,
// n]; with kYes the stored matrix is the transpose. beta 0 does not read c. The same bits for any
// number of threads.
template <typename T>
void MatMul(int64_t m, int64_t n, int64_t k, const T* a, Transpose transpose_a, const T* b,
            Transpose transpose_b, T beta, T* c);

}  // namespace ropewalk
