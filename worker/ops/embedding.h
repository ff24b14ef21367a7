#pragma once

#include <cstdint>

#include "worker/ops/linear_weight.h"

namespace ropewalk {

// y [rows, size] = the rows of `table` [vocab, size] at the tokens [rows], each in [0, vocab).
template <typename T>
void EmbeddingForward(int64_t rows, const int32_t* tokens, const LinearWeight<T>& table,
                      Wide<T>* y);

// dtable[tokens[r]] += dy[r], in the order of rows.
template <typename T>
void EmbeddingBackward(int64_t rows, int64_t size, const int32_t* tokens, const T* dy, T* dtable);

}  // namespace ropewalk
