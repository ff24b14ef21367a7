#include "worker/tokenizer/tokenizer_json.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/added_tokens_json.h"
#include "worker/tokenizer/decoder_json.h"
#include "worker/tokenizer/json_reading.h"
#include "worker/tokenizer/model_json.h"
#include "worker/tokenizer/normalizer_json.h"
#include "worker/tokenizer/pre_tokenizer_json.h"
#include "worker/tokenizer/rewriting_steps.h"

namespace ropewalk {
namespace {

// Appends the special tokens that a template puts in front of its text.
absl::Status ReadTemplate(const Json& part, std::vector<int32_t>* prefix) {
  bool text_seen = false;
  for (const Json& item : part.at("single")) {
    if (item.contains("Sequence")) {
      text_seen = true;
      continue;
    }
    if (text_seen) {
      return Unsupported("post_processor", "TemplateProcessing that adds tokens after the text",
                         "special tokens in front of it");
    }
    const std::string name = item.at("SpecialToken").at("id").get<std::string>();
    for (const Json& id : part.at("special_tokens").at(name).at("ids")) {
      ASSIGN_OR_RETURN(prefix->emplace_back(), ReadTokenId(id, name));
    }
  }
  return absl::OkStatus();
}

// What the post-processor says, as far as it concerns us.
struct PostProcessing {
  std::vector<int32_t> prefix;
  std::optional<TrimOffsets> trim_offsets;
};

absl::Status ReadPostProcessor(const Json& part, PostProcessing* result) {
  const std::string type = TypeOf(part);
  if (type == "TemplateProcessing") return ReadTemplate(part, &result->prefix);
  if (type != "ByteLevel") {
    return Unsupported("post_processor", type, "none, ByteLevel, TemplateProcessing, a Sequence");
  }
  if (part.value("trim_offsets", true)) {
    result->trim_offsets = TrimOffsets{part.value("add_prefix_space", true)};
  }
  return absl::OkStatus();
}

absl::StatusOr<TokenizerParts> Read(const Json& root) {
  ASSIGN_OR_RETURN(Normalizer normalizer, ReadNormalizer(Child(root, "normalizer")));
  ASSIGN_OR_RETURN(Splitting splitting, ReadPreTokenizer(Child(root, "pre_tokenizer")));
  ASSIGN_OR_RETURN(Decoder decoder, ReadDecoder(Child(root, "decoder")));
  PostProcessing post;
  RETURN_IF_ERROR(ForEachPart("post_processor", Child(root, "post_processor"), "processors",
                              [&](const Json& part) { return ReadPostProcessor(part, &post); }));
  ASSIGN_OR_RETURN(Bpe bpe, ReadModel(root.at("model")));
  if (splitting.ends_with_bytes && !bpe.ReadBytes()) {
    splitting.steps.push_back(std::make_unique<ByteCharacters>());
  }
  ASSIGN_OR_RETURN(AddedTokens added_tokens,
                   ReadAddedTokens(Child(root, "added_tokens"), bpe.vocabulary(), normalizer));
  return TokenizerParts{
      std::move(normalizer), std::move(added_tokens), PreTokenizer(std::move(splitting.steps)),
      std::move(bpe),        std::move(decoder),      std::move(post.prefix),
      post.trim_offsets};
}

}  // namespace

absl::StatusOr<TokenizerParts> ParseTokenizerJson(absl::string_view text) {
  // The library throws on values of another type than asked for; that is bad input like any other.
  try {
    return Read(Json::parse(text.begin(), text.end()));
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(absl::StrCat("not JSON, at byte ", error.byte));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("damaged: ", error.what()));
  }
}

}  // namespace ropewalk
