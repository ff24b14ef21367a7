#include "worker/tokenizer/tokenizer_encoding.h"

#include <algorithm>

#include "services/common/status_macros.h"
#include "worker/tokenizer/character_class.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

// A space as the byte alphabet writes it.
constexpr absl::string_view kSpaceByte = "\xC4\xA0";

bool CountsAsSpace(absl::string_view character) {
  return character == kSpaceByte || IsWhiteSpace(character);
}

uint32_t LeadingSpaces(absl::string_view name) {
  uint32_t spaces = 0;
  for (absl::string_view c; CountsAsSpace(c = FirstCharacter(name)); ++spaces) {
    name.remove_prefix(c.size());
  }
  return spaces;
}

uint32_t TrailingSpaces(absl::string_view name) {
  uint32_t spaces = 0;
  for (absl::string_view c; CountsAsSpace(c = LastCharacter(name)); ++spaces) {
    name.remove_suffix(c.size());
  }
  return spaces;
}

}  // namespace

TokenizerEncoding::TokenizerEncoding(const TokenizerParts& parts, bool with_offsets,
                                     BpeScratch* scratch, EncodedText* encoded)
    : parts_(parts), with_offsets_(with_offsets), scratch_(scratch), encoded_(encoded) {}

absl::Status TokenizerEncoding::Run(absl::string_view text) {
  original_ = text;
  // Without a normalizer the place of a part tells whether it begins the text.
  const bool asks = parts_.pre_tokenizer.NeedsBeginning() && !parts_.normalizer.empty();
  if (!with_offsets_ && !asks) return SplitOriginal({text, nullptr, /*begins_original=*/true});
  const AlignedText aligned = AlignedText::OfOriginal(text);
  return SplitOriginal(aligned.view());
}

absl::Status TokenizerEncoding::SplitOriginal(const AlignedView& text) {
  return parts_.added_tokens.SplitOriginal(
      text.text, [&](size_t begin, size_t end, const AddedToken* token) {
        const AlignedView part = text.Part(begin, end);
        if (token == nullptr) {
          return parts_.normalizer.Run(
              part, [this](const AlignedView& normalized) { return SplitNormalized(normalized); });
        }
        AppendAdded(part, token->id);
        return absl::OkStatus();
      });
}

absl::Status TokenizerEncoding::SplitNormalized(const AlignedView& text) {
  return parts_.added_tokens.SplitNormalized(
      text.text, [&](size_t begin, size_t end, const AddedToken* token) {
        const AlignedView part = text.Part(begin, end);
        if (token == nullptr) return AppendWords(part);
        AppendAdded(part, token->id);
        return absl::OkStatus();
      });
}

absl::Status TokenizerEncoding::AppendWords(const AlignedView& text) {
  return parts_.pre_tokenizer.ForEachWord(text, [this](const AlignedView& word) {
    AppendWord(word);
    return absl::OkStatus();
  });
}

void TokenizerEncoding::AppendWord(const AlignedView& word) {
  const absl::Span<const WordToken> tokens = parts_.bpe.Encode(word.text, scratch_);
  if (!with_offsets_) {
    for (const WordToken& token : tokens) encoded_->tokens.push_back(token.id);
    return;
  }
  size_t at = 0;
  for (const WordToken& token : tokens) {
    const std::string* name = parts_.bpe.vocabulary().Name(token.id);
    AppendToken(token.id, word.Original(at, at + token.size), *name);
    at += token.size;
  }
}

void TokenizerEncoding::AppendAdded(const AlignedView& place, int32_t id) {
  if (place.text.empty()) return;  // its neighbour has swallowed it
  if (!with_offsets_) {
    encoded_->tokens.push_back(id);
  } else {
    AppendToken(id, place.Original(0, place.text.size()), place.text);
  }
}

void TokenizerEncoding::AppendToken(int32_t id, TextRange range, absl::string_view name) {
  if (parts_.trim_offsets) range = Trimmed(range, name);
  encoded_->tokens.push_back(id);
  encoded_->begins.push_back(range.begin);
  encoded_->ends.push_back(range.end);
}

// Takes away from the range as many characters as the name has spaces at its ends.
TextRange TokenizerEncoding::Trimmed(TextRange range, absl::string_view name) const {
  uint32_t leading = LeadingSpaces(name), trailing = TrailingSpaces(name);
  const bool put_in_front = parts_.trim_offsets->add_prefix_space && leading == 1 &&
                            (encoded_->tokens.empty() || range.begin == 0);
  for (leading = put_in_front ? 0 : leading; leading > 0 && range.begin < range.end; --leading) {
    range.begin += FirstCharacter(original_.substr(range.begin)).size();
  }
  for (; trailing > 0 && range.begin < range.end; --trailing) {
    range.end -= LastCharacter(original_.substr(0, range.end)).size();
  }
  return range;
}

}  // namespace ropewalk
