#include "worker/data/permutation.h"

#include <utility>

#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

// Four are visibly not uniform for a dozen documents; eight are.
constexpr uint32_t kRounds = 12;

}  // namespace

Permutation::Permutation(int64_t n, uint64_t seed, uint64_t epoch)
    : n_(n), key_(seed), epoch_(static_cast<uint32_t>(epoch)) {
  while ((int64_t{1} << (2 * half_bits_)) < n) ++half_bits_;
}

uint64_t Permutation::Encrypt(uint64_t x) const {
  const uint64_t mask = (uint64_t{1} << half_bits_) - 1;
  uint64_t left = x >> half_bits_, right = x & mask;
  for (uint32_t round = 0; round < kRounds; ++round) {
    const PhiloxCounter bits = Philox(
        {static_cast<uint32_t>(right), static_cast<uint32_t>(right >> 32), round, epoch_}, key_);
    left ^= bits[0] & mask;
    std::swap(left, right);
  }
  return left << half_bits_ | right;
}

int64_t Permutation::operator()(int64_t position) const {
  uint64_t x = position;
  do {
    x = Encrypt(x);
  } while (x >= static_cast<uint64_t>(n_));
  return x;
}

}  // namespace ropewalk
