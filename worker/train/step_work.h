#pragma once

#include <cstdint>
#include <vector>

#include "worker/ops/packed_tokens.h"
#include "worker/train/training_data.h"

namespace ropewalk {

// Which rank this is among those that share a step, and their relative speeds.
struct Team {
  int rank = 0;
  std::vector<double> weights = {1.0};  // [ranks]
};

// A step's micro-batches, this rank's part in them, and where their words are in the sums that the
// ranks reduce: two words a micro-batch for its loss, one that counts how often it was computed.
// Only the rank that computes a micro-batch writes its words, so their "sum" is what it wrote. A
// plain value.
struct StepWork {
  int64_t step = 0;  // finished steps before it
  std::vector<PackedTokens> batches;
  std::vector<int> rank_of;  // each batch's
  int rank = 0;
  int64_t tokens = 0;  // of all batches
  int64_t targets = 0;
  int64_t losses_at = 0;
  int64_t counts_at = 0;
  int64_t end = 0;  // of its words

  // `words_at` is where its words begin.
  static StepWork Plan(const TrainingData& data, int64_t step, const Team& team, int64_t words_at);

  bool IsOwn(size_t m) const { return rank_of[m] == rank; }
  size_t LastOwn() const;  // as many as there are batches if none is
  int64_t OwnTokens() const;
};

}  // namespace ropewalk
