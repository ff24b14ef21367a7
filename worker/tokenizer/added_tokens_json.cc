#include "worker/tokenizer/added_tokens_json.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<AddedToken> ReadAddedToken(const Json& item) {
  AddedToken token;
  token.content = item.at("content").get<std::string>();
  ASSIGN_OR_RETURN(token.id, ReadTokenId(item.at("id"), token.content));
  token.special = item.value("special", false);
  token.single_word = item.value("single_word", false);
  token.lstrip = item.value("lstrip", false);
  token.rstrip = item.value("rstrip", false);
  token.normalized = item.value("normalized", !token.special);
  return token;
}

absl::Status FindNormalForm(const Normalizer& normalizer, AddedToken* token) {
  if (!token->normalized) return absl::OkStatus();
  return normalizer.Run({token->content, nullptr, false}, [&](const AlignedView& normalized) {
    if (normalized.text != token->content) token->normal_form = std::string(normalized.text);
    return absl::OkStatus();
  });
}

}  // namespace

absl::StatusOr<AddedTokens> ReadAddedTokens(const Json& items, const Vocabulary& vocabulary,
                                            const Normalizer& normalizer) {
  std::vector<AddedToken> tokens;
  absl::flat_hash_map<std::string, size_t> place_of;
  int32_t next_id = static_cast<int32_t>(vocabulary.size());
  for (const Json& item : items) {
    ASSIGN_OR_RETURN(AddedToken token, ReadAddedToken(item));
    if (token.content.empty()) continue;
    RETURN_IF_ERROR(FindNormalForm(normalizer, &token));
    const auto [place, is_new] = place_of.try_emplace(token.content, tokens.size());
    if (is_new) {
      token.id = vocabulary.Find(token.content);
      if (token.id < 0) token.id = next_id++;
      tokens.push_back(std::move(token));
    } else {  // the last one counts
      AddedToken& earlier = tokens[place->second];
      token.id = earlier.id;
      token.special = token.special || earlier.special;
      earlier = std::move(token);
    }
  }
  return AddedTokens(std::move(tokens));
}

}  // namespace ropewalk
