#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/tokenizer/bpe_scratch.h"
#include "worker/tokenizer/vocabulary.h"

namespace ropewalk {

struct BpeOptions {
  bool ignore_merges = false;  // a word that is a token is not taken apart
  bool byte_fallback = false;  // an unknown character becomes tokens like <0xE7>, one a byte
  bool fuse_unk = false;       // unknown characters that follow one another become one token
  std::string unk_token;       // for an unknown character; empty: it is left out
};

// Byte-pair encoding of one word (Sennrich et al., 2016): its characters, merged pair by pair, the
// pair of the lowest rank first and the leftmost among equals. Const calls may run at the same
// time, with a scratch each.
class Bpe {
 public:
  using Merges = std::vector<std::pair<std::string, std::string>>;

  // `merges` in rank order; a pair that comes again has its last rank. INVALID_ARGUMENT: a merge
  // names a token that the vocabulary lacks, or unk_token does.
  static absl::StatusOr<Bpe> Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                    const Merges& merges, BpeOptions options);

  // Words are raw bytes from now on, each of them a character of the byte alphabet in the
  // vocabulary (byte_alphabet.h). False, and nothing has changed, if the vocabulary lacks one.
  bool ReadBytes();

  // The tokens of `word`: valid UTF-8, or any bytes after ReadBytes. The result is good until the
  // next use of the scratch. A scratch serves one Bpe.
  absl::Span<const WordToken> Encode(absl::string_view word, BpeScratch* scratch) const;

  const Vocabulary& vocabulary() const { return *vocabulary_; }

 private:
  struct Merge {
    int32_t rank;
    int32_t merged;
  };

  absl::Status AddMerge(int32_t rank, const std::pair<std::string, std::string>& pair);
  absl::Status FindSpecialTokens();
  const Merge* FindMerge(int32_t left, int32_t right) const;

  int32_t FindWhole(absl::string_view word) const;
  size_t PartSize(absl::string_view word) const;
  void AppendPart(absl::string_view part, BpeScratch* scratch) const;
  void TakeBytes(absl::string_view part, BpeScratch* scratch) const;
  void TakeCharacters(absl::string_view part, BpeScratch* scratch) const;
  bool TakeFallback(absl::string_view character, BpeScratch* scratch) const;
  void Consider(int32_t left, BpeScratch* scratch) const;
  void MergeAll(BpeScratch* scratch) const;

  std::unique_ptr<const Vocabulary> vocabulary_;
  BpeOptions options_;
  absl::flat_hash_map<uint64_t, Merge> merges_;  // by the pair's tokens
  int32_t unk_ = -1;
  std::array<int32_t, 256> fallback_;  // <0x00> to <0xFF>; -1: the vocabulary lacks it
  bool cuts_at_word_marks_ = false;    // no merge reaches over the beginning of a "▁"
  bool reads_bytes_ = false;
  std::array<int32_t, 256> token_of_byte_;                     // if it reads bytes,
  absl::flat_hash_map<std::string, int32_t> tokens_of_bytes_;  // and ignores merges
};

}  // namespace ropewalk
