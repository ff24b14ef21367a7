#include "worker/tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/character_class.h"
#include "worker/tokenizer/utf8.h"

namespace ropewalk {
namespace {

bool StandsAlone(absl::string_view text, size_t begin, size_t end) {
  return !IsWordCharacter(LastCharacter(text.substr(0, begin))) &&
         !IsWordCharacter(FirstCharacter(text.substr(end)));
}

size_t WithoutTrailingSpace(absl::string_view text) {
  while (IsWhiteSpace(LastCharacter(text))) text.remove_suffix(LastCharacter(text).size());
  return text.size();
}

size_t LeadingSpace(absl::string_view text) {
  size_t space = 0;
  for (absl::string_view c; IsWhiteSpace(c = FirstCharacter(text.substr(space)));)
    space += c.size();
  return space;
}

}  // namespace

AddedTokens::AddedTokens(std::vector<AddedToken> tokens)
    : tokens_(std::move(tokens)),
      raw_(PassOf(tokens_, /*normalized=*/false)),
      normalized_(PassOf(tokens_, /*normalized=*/true)) {}

AddedTokens::Pass AddedTokens::PassOf(const std::vector<AddedToken>& tokens, bool normalized) {
  Pass pass;
  for (const AddedToken& token : tokens) {
    if (token.normalized != normalized) continue;
    pass.tokens.push_back(&token);
    pass.first_bytes[static_cast<uint8_t>(token.content[0])] = true;
  }
  std::stable_sort(pass.tokens.begin(), pass.tokens.end(), [](const auto* a, const auto* b) {
    return a->content.size() > b->content.size();
  });
  return pass;
}

const AddedToken* AddedTokens::Pass::LongestAt(absl::string_view text) const {
  if (!first_bytes[static_cast<uint8_t>(text[0])]) return nullptr;
  const auto it = std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken* token) {
    return absl::StartsWith(text, token->content);
  });
  return it == tokens.end() ? nullptr : *it;
}

absl::Status AddedTokens::Pass::Split(absl::string_view text,
                                      absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                                      absl::FunctionRef<void(const AddedToken&)> on_token) const {
  size_t done = 0;
  for (size_t at = 0; at < text.size();) {
    const AddedToken* token = LongestAt(text.substr(at));
    if (token == nullptr) {
      ++at;
      continue;
    }
    const size_t begin = at;
    at += token->content.size();
    if (token->single_word && !StandsAlone(text, begin, at)) continue;
    size_t text_size = begin - done;
    if (token->lstrip) text_size = WithoutTrailingSpace(text.substr(done, text_size));
    if (token->rstrip) at += LeadingSpace(text.substr(at));
    if (text_size > 0) RETURN_IF_ERROR(on_text(text.substr(done, text_size)));
    on_token(*token);
    done = at;
  }
  return done < text.size() ? on_text(text.substr(done)) : absl::OkStatus();
}

absl::Status AddedTokens::Split(absl::string_view text,
                                absl::FunctionRef<absl::Status(absl::string_view)> on_text,
                                absl::FunctionRef<void(const AddedToken&)> on_token) const {
  return raw_.Split(
      text, [&](absl::string_view piece) { return normalized_.Split(piece, on_text, on_token); },
      on_token);
}

}  // namespace ropewalk
