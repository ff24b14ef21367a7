#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ropewalk {

// A file's part in a mixture.
struct MixturePart {
  int64_t documents = 0;
  double weight = 1.0;  // how often an epoch uses each document: 2 twice, 0.5 every other one

  // Of an epoch: weight * documents, rounded; at least one unless there are no documents.
  int64_t epoch_size() const;
};

// The documents of every epoch, where files have weights. A file whose weight is no whole number
// gives each epoch other documents: it deals them from one keyed permutation of all after another,
// so that two epochs of weight 0.5 use each document once. Pure.
class Mixture {
 public:
  // Documents are numbered through, part after part.
  Mixture(std::vector<MixturePart> parts, uint64_t seed);

  // Documents of an epoch, with repetitions.
  int64_t epoch_size() const { return ends_.empty() ? 0 : ends_.back(); }

  // The document at a place of an epoch. REQUIRES: 0 <= place < epoch_size().
  int64_t Document(int64_t epoch, int64_t place) const;

  // Equal for equal mixtures.
  std::string ToString() const;

 private:
  const std::vector<MixturePart> parts_;
  const uint64_t seed_;
  std::vector<int64_t> ends_;    // [parts], places of an epoch up to and with each part
  std::vector<int64_t> firsts_;  // [parts], number of its first document
};

}  // namespace ropewalk
