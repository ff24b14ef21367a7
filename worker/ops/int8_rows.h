#pragma once

#include <cstdint>

namespace ropewalk {

// A matrix [rows, columns] with 8 bits an element and a scale for each row, the way bitsandbytes
// holds the weights of LLM.int8 (Dettmers et al., 2022): code = round(w * 127 / absmax), ties to
// even, where w has been rounded to float16 and absmax is the row's largest magnitude ("SCB").

// w: finite, and no magnitude above kMaxFloat16. A row of zeros gives zeros.
void QuantizeInt8Rows(int64_t rows, int64_t columns, const float* w, int8_t* codes, float* absmax);

// n elements of one row: code * absmax / 127, in float32.
void DequantizeInt8(int64_t n, const int8_t* codes, float absmax, float* w);

}  // namespace ropewalk
