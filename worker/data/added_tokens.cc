#include "worker/data/added_tokens.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Letters of other scripts count as part of a word.
bool IsWordByte(char c) { return absl::ascii_isalnum(c) || c == '_' || static_cast<uint8_t>(c) >= 0x80; }

bool StandsAlone(absl::string_view text, size_t begin, size_t end) {
  return (begin == 0 || !IsWordByte(text[begin - 1])) && (end == text.size() || !IsWordByte(text[end]));
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::stable_sort(tokens_.begin(), tokens_.end(), [](const AddedToken& a, const AddedToken& b) {
    return a.content.size() > b.content.size();
  });
  for (const AddedToken& token : tokens_) first_bytes_[static_cast<uint8_t>(token.content[0])] = true;
}

const AddedToken* AddedTokens::LongestAt(absl::string_view text, size_t at) const {
  if (!first_bytes_[static_cast<uint8_t>(text[at])]) return nullptr;
  for (const AddedToken& token : tokens_) {
    if (!absl::StartsWith(text.substr(at), token.content)) continue;
    if (!token.single_word || StandsAlone(text, at, at + token.content.size())) return &token;
  }
  return nullptr;
}

absl::Status AddedTokens::Split(absl::string_view text, absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                                absl::FunctionRef<void(const AddedToken&)> on_token) const {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = LongestAt(text, at);
    if (token == nullptr) {
      ++at;
      continue;
    }
    size_t text_end = at, next = at + token->content.size();
    while (token->lstrip && text_end > begin && absl::ascii_isspace(text[text_end - 1])) --text_end;
    while (token->rstrip && next < text.size() && absl::ascii_isspace(text[next])) ++next;
    if (text_end > begin) RETURN_IF_ERROR(on_text(text.substr(begin, text_end - begin)));
    on_token(*token);
    begin = at = next;
  }
  return begin < text.size() ? on_text(text.substr(begin)) : absl::OkStatus();
}

const AddedToken* AddedTokens::ById(int32_t id) const {
  const auto it = std::find_if(tokens_.begin(), tokens_.end(), [&](const AddedToken& token) { return token.id == id; });
  return it == tokens_.end() ? nullptr : &*it;
}

}  // namespace ropewalk
