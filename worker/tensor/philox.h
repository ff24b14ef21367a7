#pragma once

#include <array>
#include <cstdint>

namespace ropewalk {

// Random numbers as a pure function of a key and a counter, so that no hidden state has to be
// saved, shared or replayed: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1,
// 2, 3", SC'11).
using PhiloxCounter = std::array<uint32_t, 4>;
PhiloxCounter Philox(PhiloxCounter counter, uint64_t key);

// Its constants, for code that runs it on many counters at once.
inline constexpr int kPhiloxRounds = 10;
inline constexpr uint32_t kPhiloxMultipliers[2] = {0xD2511F53, 0xCD9E8D57};
inline constexpr uint32_t kPhiloxKeySteps[2] = {0x9E3779B9, 0xBB67AE85};

// Decides the random choices within one micro-batch.
struct RandomKey {
  uint64_t seed = 0;
  uint64_t step = 0;
  uint32_t micro_batch = 0;
};

// 32 bits to [0, 1), in steps of 2^-24.
constexpr float ToUniform(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

// Fill x with numbers that depend on (seed, stream) and each element's index alone; `stream` tells
// tensors apart. Uniform in [-bound, bound), and normal with mean 0 (Box-Muller).
void FillUniform(uint64_t seed, uint64_t stream, float bound, float* x, int64_t n);
void FillNormal(uint64_t seed, uint64_t stream, float standard_deviation, float* x, int64_t n);

}  // namespace ropewalk
