#pragma once

#include <cstdint>

namespace ropewalk {

// NF4, the 4-bit numbers of QLoRA (Dettmers et al., 2023), as bitsandbytes lays them out. Elements
// go row-major in blocks of 64, the last perhaps shorter. A block keeps its largest magnitude and,
// for each element, which of 16 numbers is nearest to its share of that; two elements a byte, the
// first in the high half.

inline constexpr int64_t kNf4Block = 64;

// Ascending; the quantiles of a normal distribution that Appendix E of the paper lists.
inline constexpr float kNf4Values[16] = {-1.0f,
                                         -0.6961928009986877f,
                                         -0.5250730514526367f,
                                         -0.39491748809814453f,
                                         -0.28444138169288635f,
                                         -0.18477343022823334f,
                                         -0.09105003625154495f,
                                         0.0f,
                                         0.07958029955625534f,
                                         0.16093020141124725f,
                                         0.24611230194568634f,
                                         0.33791524171829224f,
                                         0.44070982933044434f,
                                         0.5626170039176941f,
                                         0.7229568362236023f,
                                         1.0f};

constexpr int64_t Nf4Bytes(int64_t n) { return (n + 1) / 2; }
constexpr int64_t Nf4Blocks(int64_t n) { return (n + kNf4Block - 1) / kNf4Block; }

// n elements, all finite, to codes [Nf4Bytes(n)] and absmax [Nf4Blocks(n)]: the very bytes that
// bitsandbytes' quantize_4bit gives. A tie goes to the smaller number.
void QuantizeNf4(int64_t n, const float* x, uint8_t* codes, float* absmax);

// Elements [first, first + n) of a quantised array: number * absmax, in float32.
void DequantizeNf4(int64_t first, int64_t n, const uint8_t* codes, const float* absmax, float* x);

}  // namespace ropewalk
