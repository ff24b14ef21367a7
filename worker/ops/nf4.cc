#include "worker/ops/nf4.h"

#include <algorithm>
#include <cmath>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Below it, a block's magnitude has no reciprocal in float32.
constexpr float kLeastMagnitude = 1e-38f;

// How many of the bounds between neighbours lie below x.
uint8_t Nearest(float x) {
  int code = 0;
  for (int i = 0; i < 15; ++i) code += x > (kNf4Values[i] + kNf4Values[i + 1]) / 2.0f;
  return static_cast<uint8_t>(code);
}

float Magnitude(int64_t n, const float* x) {
  float largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
  return largest;
}

// bitsandbytes multiplies a whole block by the reciprocal and divides a shorter one, whose
// magnitude is kept as it divides by it.
void QuantizeBlock(int64_t n, const float* x, uint8_t* codes, float* absmax) {
  uint8_t nearest[kNf4Block + 1];
  const float magnitude = Magnitude(n, x), divisor = std::max(magnitude, kLeastMagnitude);
  const bool whole = n == kNf4Block;
  *absmax = whole ? magnitude : divisor;
  const float inverse = 1.0f / divisor;
  for (int64_t i = 0; i < n; ++i) {
    nearest[i] = Nearest(std::clamp(whole ? x[i] * inverse : x[i] / divisor, -1.0f, 1.0f));
  }
  nearest[n] = Nearest(0);  // the other half of the last byte if n is odd
  for (int64_t i = 0; i < n; i += 2) codes[i / 2] = nearest[i] << 4 | nearest[i + 1];
}

// n elements of one block, which begin at an even place.
void DequantizeInBlock(int64_t n, const uint8_t* codes, float scale, float* x) {
  for (int64_t i = 0; i + 1 < n; i += 2) {
    x[i] = kNf4Values[codes[i / 2] >> 4] * scale;
    x[i + 1] = kNf4Values[codes[i / 2] & 15] * scale;
  }
  if (n % 2 == 1) x[n - 1] = kNf4Values[codes[n / 2] >> 4] * scale;
}

}  // namespace

void QuantizeNf4(int64_t n, const float* x, uint8_t* codes, float* absmax) {
  ParallelFor(Nf4Blocks(n), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t first = block * kNf4Block;
      QuantizeBlock(std::min(kNf4Block, n - first), x + first, codes + first / 2, absmax + block);
    }
  });
}

void DequantizeNf4(int64_t first, int64_t n, const uint8_t* codes, const float* absmax, float* x) {
  const int64_t end = first + n;
  if (first % 2 == 1 && first < end) {
    *x++ = kNf4Values[codes[first / 2] & 15] * absmax[first / kNf4Block];
    ++first;
  }
  while (first < end) {
    const int64_t block = first / kNf4Block;
    const int64_t count = std::min(end, (block + 1) * kNf4Block) - first;
    DequantizeInBlock(count, codes + first / 2, absmax[block], x);
    first += count;
    x += count;
  }
}

}  // namespace ropewalk
