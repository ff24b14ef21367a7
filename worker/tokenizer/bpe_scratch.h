#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace ropewalk {

// A token of a word, and how many of the word's bytes it stands for.
struct WordToken {
  int32_t id;
  uint32_t size;
};

// The tokens of words seen lately: a table in which a word takes the place of an older one, so that
// it neither grows nor allocates. Long words are not kept.
class WordCache {
 public:
  WordCache() : entries_(kEntries) {}

  // Empty if the word is not there; else good until the next call of Insert.
  absl::Span<const WordToken> Find(absl::string_view word) const {
    const Entry& entry = entries_[Place(word)];
    if (entry.size != word.size() || std::memcmp(entry.word, word.data(), word.size()) != 0) {
      return {};
    }
    return {entry.tokens, entry.count};
  }

  void Insert(absl::string_view word, absl::Span<const WordToken> tokens) {
    if (word.size() > sizeof(Entry::word) || tokens.size() > kTokens) return;
    Entry& entry = entries_[Place(word)];
    entry.size = static_cast<uint8_t>(word.size());
    entry.count = static_cast<uint8_t>(tokens.size());
    std::memcpy(entry.word, word.data(), word.size());
    std::copy(tokens.begin(), tokens.end(), entry.tokens);
  }

 private:
  static constexpr size_t kEntries = 1 << 14, kTokens = 11;

  struct Entry {
    uint8_t size;  // of the word; 0: nothing here
    uint8_t count;
    char word[38];
    WordToken tokens[kTokens];
  };
  static_assert(sizeof(Entry) == 128, "two cache lines");

  static size_t Place(absl::string_view word) {
    return absl::Hash<absl::string_view>()(word) % kEntries;
  }

  std::vector<Entry> entries_;
};

// What Bpe works in: kept from word to word, so that a word costs no allocation.
struct BpeScratch {
  // A word while its tokens are merged is a linked list, so that a merge costs the same wherever it
  // is.
  struct Symbol {
    int32_t token;  // -1: merged into its left neighbour
    uint32_t size;  // in bytes
    int32_t previous, next;
  };

  // A pair that may be merged, by its left symbol. It may have changed since it was noted.
  struct Candidate {
    int32_t rank, left, left_token, right_token;

    bool operator<(const Candidate& other) const {  // std::push_heap has the greatest in front
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };

  WordCache cache;
  std::vector<Symbol> symbols;
  std::vector<Candidate> candidates;  // a heap
  std::vector<WordToken> tokens;
};

}  // namespace ropewalk
