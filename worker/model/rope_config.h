#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// How the frequencies of rotary position embedding are made (rope_frequencies.h has the formulas).
enum class RopeKind { kDefault, kLinear, kDynamic, kYarn, kLlama3, kLongRope };

// The names are those of config.json; fields that a kind does not use keep their defaults.
struct RopeConfig {
  RopeKind kind = RopeKind::kDefault;
  double theta = 10000.0;
  double factor = 1.0;                           // all but default
  int64_t original_max_position_embeddings = 0;  // yarn, llama3, longrope
  double attention_factor = 1.0;     // cosines and sines are multiplied by it: yarn, longrope
  double beta_fast = 32.0;           // yarn
  double beta_slow = 1.0;            // yarn
  bool truncate = true;              // yarn: the ramp begins and ends at whole pairs
  double low_freq_factor = 1.0;      // llama3
  double high_freq_factor = 4.0;     // llama3
  std::vector<double> short_factor;  // longrope, [head_dim / 2]
  std::vector<double> long_factor;   // longrope, [head_dim / 2]
};

}  // namespace ropewalk
