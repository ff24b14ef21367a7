#include "worker/tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include "services/common/status_macros.h"
#include "worker/tokenizer/character_class.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

bool StandsAlone(absl::string_view text, size_t begin, size_t end) {
  return !IsWordCharacter(LastCharacter(text.substr(0, begin))) &&
         !IsWordCharacter(FirstCharacter(text.substr(end)));
}

// The beginning of the white space before `end`, or `first` if that is after it.
size_t SpaceBefore(absl::string_view text, size_t first, size_t end) {
  while (end > first && IsWhiteSpace(LastCharacter(text.substr(first, end - first)))) {
    end -= LastCharacter(text.substr(first, end - first)).size();
  }
  return std::max(first, end);
}

size_t SpaceAfter(absl::string_view text, size_t end) {
  for (absl::string_view c; IsWhiteSpace(c = FirstCharacter(text.substr(end)));) end += c.size();
  return end;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    const bool has_form = token.normalized && !token.normal_form.empty();
    ByteTrie& trie = token.normalized ? normalized_ : original_;
    trie.Add(has_form ? token.normal_form : token.content, static_cast<int32_t>(i));
  }
}

absl::Status AddedTokens::Split(const ByteTrie& trie, absl::string_view text,
                                OnPart on_part) const {
  size_t done = 0;
  size_t space_end = 0;  // of what was swallowed last, in which there may be tokens of white space
  for (size_t at = trie.empty() ? text.size() : 0; at < text.size();) {
    const ByteTrie::Match match = trie.LongestAt(text.substr(at));
    if (match.size == 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[match.value];
    size_t begin = at, end = at + match.size;
    at = end;
    if (token.single_word && !StandsAlone(text, begin, end)) continue;
    // What the token before has swallowed can not be swallowed again.
    if (token.lstrip) begin = std::min(SpaceBefore(text, done, begin), end);
    if (token.rstrip) end = space_end = end < space_end ? space_end : SpaceAfter(text, end);
    if (done < begin) RETURN_IF_ERROR(on_part(done, begin, nullptr));
    RETURN_IF_ERROR(on_part(begin, end, &token));
    done = end;
  }
  return done < text.size() ? on_part(done, text.size(), nullptr) : absl::OkStatus();
}

}  // namespace ropewalk
