#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Byte-pair encoding of one word (Sennrich et al., 2016): its bytes, merged pair by pair, the pair
// of the lowest rank first and the leftmost among equals. Const calls may run at the same time.
class Bpe {
 public:
  // Tokens are written in the byte alphabet (byte_alphabet.h), `merges` in rank order.
  // INVALID_ARGUMENT: a merge names a token that the vocabulary lacks.
  static absl::StatusOr<Bpe> Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                    const std::vector<std::pair<std::string, std::string>>& merges,
                                    bool ignore_merges);

  // Appends the tokens of `word`, raw bytes. INVALID_ARGUMENT: a byte is not in the vocabulary.
  absl::Status Encode(absl::string_view word, std::vector<int32_t>* tokens) const;

  const absl::flat_hash_map<std::string, int32_t>& vocabulary() const { return vocabulary_; }

 private:
  friend class BpeWord;

  struct Merge {
    int32_t rank;
    int32_t merged;
  };

  absl::Status AddMerge(int32_t rank, const std::pair<std::string, std::string>& pair);
  const Merge* FindMerge(int32_t left, int32_t right) const;

  absl::flat_hash_map<std::string, int32_t> vocabulary_;
  std::array<int32_t, 256> token_of_byte_;       // -1: none
  absl::flat_hash_map<uint64_t, Merge> merges_;  // by the pair's tokens
  bool ignore_merges_ = false;                   // a word that is a token is not taken apart
};

}  // namespace ropewalk
