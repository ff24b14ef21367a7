#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/data/mixture.h"

namespace ropewalk {

// How documents become micro-batches. None is ever split.
enum class Packing {
  kFirstFitDecreasing,  // longest first, each into the first pack with room: fewest packs
  kFirstFit,            // in the order in which they come
  kNone,                // each alone
};

struct PlanOptions {
  uint64_t seed = 0;
  double epochs = 1;
  int64_t max_steps = 0;  // 0: as many as the epochs give
  int64_t global_batch_size = 32;
  int64_t micro_batch_tokens = 2048;  // at least the longest document
  Packing packing = Packing::kFirstFitDecreasing;
};

// Which documents each step uses, and in which micro-batches: a pure function of the options, the
// documents' lengths and the mixture's weights. Documents come in the order of a keyed permutation
// of every epoch, one epoch after another; a step takes the next global_batch_size of them, the
// last one what is left.
class Plan {
 public:
  // lengths: tokens of each document; at least one document, none longer than micro_batch_tokens.
  // REQUIRES: the mixture has as many documents.
  Plan(PlanOptions options, std::vector<int64_t> lengths, Mixture mixture);

  // The same with every document once an epoch.
  Plan(PlanOptions options, std::vector<int64_t> lengths);

  int64_t total_steps() const { return total_steps_; }

  // The documents of each micro-batch of a step, counted from 0.
  // REQUIRES: 0 <= step < total_steps().
  std::vector<std::vector<int64_t>> MicroBatches(int64_t step) const;

  // SHA-256, in hex, over all that the above depends on.
  std::string digest() const;

 private:
  const PlanOptions options_;
  const std::vector<int64_t> lengths_;
  const Mixture mixture_;
  int64_t total_documents_;  // of all epochs
  int64_t total_steps_;
};

// The documents in micro-batches of at most `capacity` tokens; one longer than that gets a pack of
// its own. Lengths are by document.
std::vector<std::vector<int64_t>> PackDocuments(Packing packing, std::vector<int64_t> documents,
                                                const std::vector<int64_t>& lengths,
                                                int64_t capacity);

// Packs documents whole, in the given order, each into the first pack with room for it; one longer
// than `capacity` gets a pack of its own. Lengths are by document.
std::vector<std::vector<int64_t>> PackFirstFit(const std::vector<int64_t>& documents,
                                               const std::vector<int64_t>& lengths,
                                               int64_t capacity);

}  // namespace ropewalk
