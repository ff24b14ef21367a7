#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Byte-pair encoding of one word (Sennrich et al., 2016): its characters, merged pair by pair, the pair of the lowest rank first and the leftmost
// among equals. Const calls may run at the same time.
class Bpe {
 public:
  // `merges` in rank order. INVALID_ARGUMENT: a merge names a token that the vocabulary lacks.
  static absl::StatusOr<Bpe> Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                    const std::vector<std::pair<std::string, std::string>>& merges, bool ignore_merges);

  // Appends the tokens of `word`, which is in the byte alphabet. INVALID_ARGUMENT: a character is not in the vocabulary.
  absl::Status Encode(absl::string_view word, std::vector<int32_t>* tokens) const;

  const absl::flat_hash_map<std::string, int32_t>& vocabulary() const { return vocabulary_; }

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };

  absl::flat_hash_map<std::string, int32_t> vocabulary_;
  absl::flat_hash_map<uint64_t, Merge> merges_;  // by the pair's tokens
  bool ignore_merges_ = false;                   // a word that is a token is not taken apart
};

}  // namespace ropewalk
