#include "worker/tensor/philox.h"

#include <cmath>

namespace ropewalk {
namespace {

PhiloxCounter At(uint64_t seed, uint64_t stream, int64_t block) {
  return Philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                 static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)},
                seed);
}

}  // namespace

PhiloxCounter Philox(PhiloxCounter counter, uint64_t key) {
  uint32_t low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const uint64_t a = uint64_t{kPhiloxMultipliers[0]} * counter[0];
    const uint64_t b = uint64_t{kPhiloxMultipliers[1]} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ low, static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ high, static_cast<uint32_t>(a)};
    low += kPhiloxKeySteps[0];
    high += kPhiloxKeySteps[1];
  }
  return counter;
}

void FillUniform(uint64_t seed, uint64_t stream, float bound, float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += 4) {
    const PhiloxCounter bits = At(seed, stream, i / 4);
    for (int64_t j = 0; j < 4 && i + j < n; ++j)
      x[i + j] = bound * (2.0f * ToUniform(bits[j]) - 1.0f);
  }
}

void FillNormal(uint64_t seed, uint64_t stream, float standard_deviation, float* x, int64_t n) {
  for (int64_t i = 0; i < n; i += 4) {
    const PhiloxCounter bits = At(seed, stream, i / 4);
    for (int64_t j = 0; j < 4 && i + j < n; ++j) {
      // A pair of uniform numbers gives two normal ones; the first is kept from 0, where the
      // logarithm is infinite.
      const double radius = std::sqrt(-2.0 * std::log((bits[j & 2] + 1.0) * 0x1p-32));
      const double angle = 2.0 * M_PI * bits[(j & 2) + 1] * 0x1p-32;
      x[i + j] = static_cast<float>(standard_deviation * radius *
                                    (j % 2 == 0 ? std::cos(angle) : std::sin(angle)));
    }
  }
}

}  // namespace ropewalk
