#include "worker/tokenizer/bpe.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/byte_alphabet.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

// SentencePiece's mark for a space, with which its words begin.
constexpr absl::string_view kWordMark = "\xE2\x96\x81";

uint64_t PairKey(int32_t left, int32_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

void Append(int32_t token, size_t size, BpeScratch* scratch) {
  const int32_t at = static_cast<int32_t>(scratch->symbols.size());
  if (at > 0) scratch->symbols.back().next = at;
  scratch->symbols.push_back({token, static_cast<uint32_t>(size), at - 1, -1});
}

}  // namespace

absl::StatusOr<Bpe> Bpe::Create(absl::flat_hash_map<std::string, int32_t> vocabulary,
                                const Merges& merges, BpeOptions options) {
  Bpe bpe;
  bpe.vocabulary_ = std::make_unique<Vocabulary>(std::move(vocabulary));
  bpe.options_ = std::move(options);
  RETURN_IF_ERROR(bpe.FindSpecialTokens());
  bpe.merges_.reserve(merges.size());
  bpe.cuts_at_word_marks_ = bpe.vocabulary_->Find(kWordMark) >= 0;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    RETURN_IF_ERROR(bpe.AddMerge(static_cast<int32_t>(rank), merges[rank]));
  }
  return bpe;
}

absl::Status Bpe::AddMerge(int32_t rank, const std::pair<std::string, std::string>& pair) {
  const int32_t left = vocabulary_->Find(pair.first), right = vocabulary_->Find(pair.second);
  const int32_t both = vocabulary_->Find(pair.first + pair.second);
  if (left < 0 || right < 0 || both < 0) {
    return absl::InvalidArgumentError(absl::StrCat("merge ", rank, " (\"", pair.first, "\" \"",
                                                   pair.second,
                                                   "\") names a token that the vocabulary lacks"));
  }
  merges_[PairKey(left, right)] = {rank, both};
  cuts_at_word_marks_ = cuts_at_word_marks_ && (!absl::StartsWith(pair.second, kWordMark) ||
                                                absl::EndsWith(pair.first, kWordMark));
  return absl::OkStatus();
}

absl::Status Bpe::FindSpecialTokens() {
  for (int byte = 0; byte < 256; ++byte) {
    fallback_[byte] = vocabulary_->Find(absl::StrFormat("<0x%02X>", byte));
  }
  if (options_.unk_token.empty()) return absl::OkStatus();
  unk_ = vocabulary_->Find(options_.unk_token);
  return unk_ >= 0 ? absl::OkStatus()
                   : absl::InvalidArgumentError(absl::StrCat(
                         "the vocabulary lacks the unk_token \"", options_.unk_token, "\""));
}

bool Bpe::ReadBytes() {
  for (int byte = 0; byte < 256; ++byte) {
    const char bytes[] = {static_cast<char>(byte)};
    token_of_byte_[byte] = vocabulary_->Find(BytesToCharacters(absl::string_view(bytes, 1)));
    if (token_of_byte_[byte] < 0) return false;
  }
  reads_bytes_ = true;
  if (!options_.ignore_merges) return true;
  tokens_of_bytes_.reserve(vocabulary_->size());
  for (const auto& [token, id] : vocabulary_->ids()) {
    std::string bytes;
    if (CharactersToBytes(token, &bytes)) tokens_of_bytes_[std::move(bytes)] = id;
  }
  return true;
}

const Bpe::Merge* Bpe::FindMerge(int32_t left, int32_t right) const {
  const auto it = merges_.find(PairKey(left, right));
  return it == merges_.end() ? nullptr : &it->second;
}

int32_t Bpe::FindWhole(absl::string_view word) const {
  if (!reads_bytes_) return vocabulary_->Find(word);
  const auto it = tokens_of_bytes_.find(word);
  return it == tokens_of_bytes_.end() ? -1 : it->second;
}

absl::Span<const WordToken> Bpe::Encode(absl::string_view word, BpeScratch* scratch) const {
  const absl::Span<const WordToken> cached = scratch->cache.Find(word);
  if (!cached.empty()) return cached;
  scratch->tokens.clear();
  const int32_t whole = options_.ignore_merges ? FindWhole(word) : -1;
  if (whole >= 0) {
    scratch->tokens.push_back({whole, static_cast<uint32_t>(word.size())});
  } else {
    for (size_t done = 0; done < word.size();) {
      const absl::string_view part = word.substr(done, PartSize(word.substr(done)));
      AppendPart(part, scratch);
      done += part.size();
    }
  }
  scratch->cache.Insert(word, scratch->tokens);
  return scratch->tokens;
}

// How much of the word can be encoded without regard to the rest. A model without a pre-tokenizer
// has the whole text for a word; where no merge reaches over the beginning of a mark, the text
// before the mark and the text after it do not know of each other.
size_t Bpe::PartSize(absl::string_view word) const {
  if (!cuts_at_word_marks_ || reads_bytes_ || options_.ignore_merges) return word.size();
  size_t size = 0;
  while (absl::StartsWith(word.substr(size), kWordMark)) size += kWordMark.size();
  return std::min(word.find(kWordMark, size), word.size());
}

void Bpe::AppendPart(absl::string_view part, BpeScratch* scratch) const {
  const absl::Span<const WordToken> cached = scratch->cache.Find(part);
  if (!cached.empty()) {
    scratch->tokens.insert(scratch->tokens.end(), cached.begin(), cached.end());
    return;
  }
  const size_t first = scratch->tokens.size();
  scratch->symbols.clear();
  if (reads_bytes_) {
    TakeBytes(part, scratch);
  } else {
    TakeCharacters(part, scratch);
  }
  MergeAll(scratch);
  for (int32_t i = scratch->symbols.empty() ? -1 : 0; i >= 0; i = scratch->symbols[i].next) {
    scratch->tokens.push_back({scratch->symbols[i].token, scratch->symbols[i].size});
  }
  scratch->cache.Insert(part, absl::MakeSpan(scratch->tokens).subspan(first));
}

void Bpe::TakeBytes(absl::string_view part, BpeScratch* scratch) const {
  for (const char byte : part) Append(token_of_byte_[static_cast<uint8_t>(byte)], 1, scratch);
}

// Unknown characters wait for the next known one before they take their place, as they do in the
// tokenizers library: bytes that stand for a character in between come before them.
void Bpe::TakeCharacters(absl::string_view part, BpeScratch* scratch) const {
  size_t unknown = 0;  // bytes of the unknown character, or characters, that wait
  const auto place_unknown = [&] {
    if (unknown > 0) Append(unk_, std::exchange(unknown, 0), scratch);
  };
  while (!part.empty()) {
    const absl::string_view character = FirstCharacter(part);
    part.remove_prefix(character.size());
    if (const int32_t token = vocabulary_->Find(character); token >= 0) {
      place_unknown();
      Append(token, character.size(), scratch);
    } else if (!TakeFallback(character, scratch) && unk_ >= 0) {
      if (!options_.fuse_unk) place_unknown();
      unknown += character.size();
    }
  }
  place_unknown();
}

bool Bpe::TakeFallback(absl::string_view character, BpeScratch* scratch) const {
  const auto token_of = [this](char byte) { return fallback_[static_cast<uint8_t>(byte)]; };
  if (!options_.byte_fallback || std::any_of(character.begin(), character.end(),
                                             [&](char byte) { return token_of(byte) < 0; })) {
    return false;
  }
  for (const char byte : character) Append(token_of(byte), 1, scratch);
  return true;
}

// Notes the pair of a symbol with its right neighbour.
void Bpe::Consider(int32_t left, BpeScratch* scratch) const {
  const std::vector<BpeScratch::Symbol>& symbols = scratch->symbols;
  if (left < 0 || symbols[left].next < 0) return;
  const int32_t a = symbols[left].token, b = symbols[symbols[left].next].token;
  const Merge* merge = FindMerge(a, b);
  if (merge == nullptr) return;
  scratch->candidates.push_back({merge->rank, left, a, b});
  std::push_heap(scratch->candidates.begin(), scratch->candidates.end());
}

void Bpe::MergeAll(BpeScratch* scratch) const {
  std::vector<BpeScratch::Symbol>& symbols = scratch->symbols;
  std::vector<BpeScratch::Candidate>& candidates = scratch->candidates;
  candidates.clear();
  for (size_t i = 0; i < symbols.size(); ++i) Consider(static_cast<int32_t>(i), scratch);
  while (!candidates.empty()) {
    std::pop_heap(candidates.begin(), candidates.end());
    const auto [rank, left, left_token, right_token] = candidates.back();
    candidates.pop_back();
    BpeScratch::Symbol& symbol = symbols[left];
    const int32_t right = symbol.next;
    // The pair may have changed since it was noted.
    if (symbol.token != left_token || right < 0 || symbols[right].token != right_token) continue;
    symbol.token = FindMerge(left_token, right_token)->merged;
    symbol.size += symbols[right].size;
    symbol.next = symbols[right].next;
    symbols[right].token = -1;
    if (symbol.next >= 0) symbols[symbol.next].previous = left;
    Consider(symbol.previous, scratch);
    Consider(left, scratch);
  }
}

}  // namespace ropewalk
