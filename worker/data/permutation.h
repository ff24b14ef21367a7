#pragma once

#include <cstdint>

namespace ropewalk {

// A keyed permutation of [0, n) in constant memory: a Feistel network of twelve rounds over the
// next even power of two, walked along its cycle until it lands in range (Black & Rogaway, "Ciphers
// with Arbitrary Finite Domains", 2002), with Philox as the round function. Pure.
class Permutation {
 public:
  // REQUIRES: n > 0.
  Permutation(int64_t n, uint64_t seed, uint64_t epoch);

  int64_t operator()(int64_t position) const;

 private:
  uint64_t Encrypt(uint64_t x) const;

  const int64_t n_;
  const uint64_t key_;
  const uint32_t epoch_;
  int half_bits_ = 1;
};

}  // namespace ropewalk
