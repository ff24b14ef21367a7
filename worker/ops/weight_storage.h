#pragma once

namespace ropewalk {

// How a frozen weight matrix is held in memory. Products use the numbers that it stands for, in
// float32, whatever it is held as. Bits a weight are those of the matrix itself.
enum class WeightStorage {
  kFloat32,    // as the product wants it: 32 bits; with bfloat16 products 16
  kBfloat16,   // 16 bits
  kFloat16,    // 16 bits
  kInt8,       // 8 bits, and 32 a row (worker/ops/int8_rows.h)
  kNf4,        // 4.5 bits (worker/ops/nf4.h)
  kNf4Double,  // 4.127 bits: NF4 whose scales are quantised, too (worker/ops/nf4_scales.h)
};

}  // namespace ropewalk
