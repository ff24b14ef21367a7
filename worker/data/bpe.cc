#include "worker/data/bpe.h"

#include <queue>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

// Bytes of the UTF-8 character that begins with `first`.
size_t CharacterLength(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

// A word's tokens as a linked list, so that a merge costs the same wherever it is.
struct Symbol {
  int32_t token;
  int previous;
  int next;
};

// (rank, left symbol, its token, right token): the queue's order, and what must still hold for the merge to be made.
using Candidate = std::tuple<int32_t, int, int32_t, int32_t>;

}  // namespace

absl::StatusOr<Bpe> Bpe::Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                const std::vector<std::pair<std::string, std::string>>& merges, bool ignore_merges) {
  Bpe bpe;
  bpe.vocabulary_ = std::move(vocabulary);
  bpe.ignore_merges_ = ignore_merges;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const auto l = bpe.vocabulary_.find(left), r = bpe.vocabulary_.find(right), both = bpe.vocabulary_.find(left + right);
    if (l == bpe.vocabulary_.end() || r == bpe.vocabulary_.end() || both == bpe.vocabulary_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("merge ", rank, " (\"", left, "\" \"", right,
                                                     "\") names a token that the vocabulary lacks"));
    }
    bpe.merges_.emplace(PairKey(l->second, r->second), Merge{static_cast<int32_t>(rank), both->second});
  }
  return bpe;
}

absl::Status Bpe::Encode(absl::string_view word, std::vector<int32_t>* tokens) const {
  if (ignore_merges_) {
    if (const auto whole = vocabulary_.find(word); whole != vocabulary_.end()) {
      tokens->push_back(whole->second);
      return absl::OkStatus();
    }
  }
  std::vector<Symbol> symbols;
  for (size_t i = 0; i < word.size();) {
    const absl::string_view character = word.substr(i, CharacterLength(static_cast<uint8_t>(word[i])));
    const auto it = vocabulary_.find(character);
    if (it == vocabulary_.end()) {
      return absl::InvalidArgumentError(absl::StrCat("the tokenizer's vocabulary lacks the character \"", character, "\""));
    }
    const int at = symbols.size();
    symbols.push_back({it->second, at - 1, at + 1});
    i += character.size();
  }
  if (symbols.empty()) return absl::OkStatus();
  symbols.back().next = -1;

  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto consider = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    const int32_t a = symbols[left].token, b = symbols[symbols[left].next].token;
    if (const auto it = merges_.find(PairKey(a, b)); it != merges_.end()) candidates.emplace(it->second.rank, left, a, b);
  };
  for (size_t i = 0; i + 1 < symbols.size(); ++i) consider(i);
  while (!candidates.empty()) {
    const auto [rank, left, a, b] = candidates.top();
    candidates.pop();
    const int right = symbols[left].next;
    if (symbols[left].token != a || right < 0 || symbols[right].token != b) continue;
    symbols[left].token = merges_.at(PairKey(a, b)).merged;
    symbols[left].next = symbols[right].next;
    symbols[right].token = -1;
    if (symbols[left].next >= 0) symbols[symbols[left].next].previous = left;
    consider(symbols[left].previous);
    consider(left);
  }
  for (int i = 0; i >= 0; i = symbols[i].next) tokens->push_back(symbols[i].token);
  return absl::OkStatus();
}

}  // namespace ropewalk
