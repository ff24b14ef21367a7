#include "worker/tokenizer/bpe.h"

#include <functional>
#include <queue>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/byte_alphabet.h"

namespace ropewalk {
namespace {

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

}  // namespace

// A word while its tokens are merged: a linked list, so that a merge costs the same wherever it is.
class BpeWord {
 public:
  explicit BpeWord(const Bpe& bpe) : bpe_(bpe) {}

  void Append(int32_t token) {
    const int at = symbols_.size();
    if (at > 0) symbols_.back().next = at;
    symbols_.push_back({token, at - 1, -1});
    Consider(at - 1);
  }

  void MergeAll() {
    while (!candidates_.empty()) {
      const auto [rank, left, left_token, right_token] = candidates_.top();
      candidates_.pop();
      const int right = symbols_[left].next;
      // The pair may have changed since it was considered.
      if (symbols_[left].token != left_token || right < 0) continue;
      if (symbols_[right].token == right_token) Merge(left, right);
    }
  }

  void AppendTo(std::vector<int32_t>* tokens) const {
    for (int i = symbols_.empty() ? -1 : 0; i >= 0; i = symbols_[i].next) {
      tokens->push_back(symbols_[i].token);
    }
  }

 private:
  struct Symbol {
    int32_t token;  // -1: merged into its left neighbour
    int previous;
    int next;
  };

  // (rank, left symbol, its token, right token), in the order of merging.
  using Candidate = std::tuple<int32_t, int, int32_t, int32_t>;

  // The pair of a symbol with its right neighbour.
  void Consider(int left) {
    if (left < 0 || symbols_[left].next < 0) return;
    const int32_t a = symbols_[left].token, b = symbols_[symbols_[left].next].token;
    const Bpe::Merge* merge = bpe_.FindMerge(a, b);
    if (merge != nullptr) candidates_.emplace(merge->rank, left, a, b);
  }

  void Merge(int left, int right) {
    Symbol& symbol = symbols_[left];
    symbol.token = bpe_.FindMerge(symbol.token, symbols_[right].token)->merged;
    symbol.next = symbols_[right].next;
    symbols_[right].token = -1;
    if (symbol.next >= 0) symbols_[symbol.next].previous = left;
    Consider(symbol.previous);
    Consider(left);
  }

  const Bpe& bpe_;
  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

absl::StatusOr<Bpe> Bpe::Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                const std::vector<std::pair<std::string, std::string>>& merges,
                                bool ignore_merges) {
  Bpe bpe;
  bpe.vocabulary_ = std::move(vocabulary);
  bpe.ignore_merges_ = ignore_merges;
  for (int byte = 0; byte < 256; ++byte) {
    const char bytes[] = {static_cast<char>(byte)};
    const auto it = bpe.vocabulary_.find(BytesToCharacters(absl::string_view(bytes, 1)));
    bpe.token_of_byte_[byte] = it == bpe.vocabulary_.end() ? -1 : it->second;
  }
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    RETURN_IF_ERROR(bpe.AddMerge(rank, merges[rank]));
  }
  return bpe;
}

absl::Status Bpe::AddMerge(int32_t rank, const std::pair<std::string, std::string>& pair) {
  const auto left = vocabulary_.find(pair.first), right = vocabulary_.find(pair.second);
  const auto both = vocabulary_.find(pair.first + pair.second), none = vocabulary_.end();
  if (left == none || right == none || both == none) {
    return absl::InvalidArgumentError(absl::StrCat("merge ", rank, " (\"", pair.first, "\" \"",
                                                   pair.second,
                                                   "\") names a token that the vocabulary lacks"));
  }
  merges_[PairKey(left->second, right->second)] = {rank, both->second};
  return absl::OkStatus();
}

const Bpe::Merge* Bpe::FindMerge(int32_t left, int32_t right) const {
  const auto it = merges_.find(PairKey(left, right));
  return it == merges_.end() ? nullptr : &it->second;
}

absl::Status Bpe::Encode(absl::string_view word, std::vector<int32_t>* tokens) const {
  if (ignore_merges_) {
    if (const auto whole = vocabulary_.find(BytesToCharacters(word)); whole != vocabulary_.end()) {
      tokens->push_back(whole->second);
      return absl::OkStatus();
    }
  }
  BpeWord symbols(*this);
  for (const char byte : word) {
    const int32_t token = token_of_byte_[static_cast<uint8_t>(byte)];
    if (token < 0) {
      return absl::InvalidArgumentError(absl::StrCat("the tokenizer's vocabulary lacks the byte ",
                                                     static_cast<int>(static_cast<uint8_t>(byte))));
    }
    symbols.Append(token);
  }
  symbols.MergeAll();
  symbols.AppendTo(tokens);
  return absl::OkStatus();
}

}  // namespace ropewalk
