#include "worker/tokenizer/tokenizer_json.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/json_reading.h"
#include "worker/tokenizer/pre_tokenizer_json.h"

namespace ropewalk {
namespace {

absl::Status CheckNormalizer(const Json& part) {
  const std::string type = TypeOf(part);
  return type == "none" || type == "NFC" ? absl::OkStatus()
                                         : Unsupported("normalizer", type, "none, NFC");
}

absl::Status CheckDecoder(const Json& part) {
  const Json& items = Child(part, "decoders");
  const bool only_one = TypeOf(part) == "Sequence" && items.is_array() && items.size() == 1;
  const std::string type = TypeOf(only_one ? items[0] : part);
  return type == "ByteLevel" ? absl::OkStatus() : Unsupported("decoder", type, "ByteLevel");
}

using Pair = std::pair<std::string, std::string>;

// "a b", or ["a", "b"].
absl::StatusOr<Pair> ReadMerge(const Json& merge) {
  if (merge.is_array() && merge.size() == 2) {
    return Pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  }
  const auto& text = merge.get_ref<const std::string&>();
  const size_t space = text.find(' ');
  if (space != std::string::npos) return Pair(text.substr(0, space), text.substr(space + 1));
  return absl::InvalidArgumentError(absl::StrCat("the merge \"", text, "\" is no pair"));
}

// Options of BPE that byte-level models do not use.
absl::Status CheckModelOptions(const Json& model) {
  constexpr char kSupported[] = "plain byte-level BPE";
  if (const std::string type = model.value("type", "BPE"); type != "BPE") {
    return Unsupported("model", type, "BPE");
  }
  if (Child(model, "byte_fallback") == true) {
    return Unsupported("model", "BPE with byte_fallback", kSupported);
  }
  if (const Json& dropout = Child(model, "dropout"); !dropout.is_null() && dropout != 0.0) {
    return Unsupported("model", "BPE with dropout", kSupported);
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (const Json& value = Child(model, affix); !value.is_null() && value != "") {
      return Unsupported("model", absl::StrCat("BPE with ", affix), kSupported);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Bpe> ReadModel(const Json& model) {
  RETURN_IF_ERROR(CheckModelOptions(model));
  absl::flat_hash_map<std::string, int32_t> vocabulary;
  for (const auto& [token, id] : model.at("vocab").get_ref<const Json::object_t&>()) {
    ASSIGN_OR_RETURN(vocabulary[token], ReadTokenId(id, token));
  }
  std::vector<Pair> merges;
  for (const Json& merge : model.at("merges").get_ref<const Json::array_t&>()) {
    ASSIGN_OR_RETURN(merges.emplace_back(), ReadMerge(merge));
  }
  return Bpe::Create(std::move(vocabulary), merges, Child(model, "ignore_merges") == true);
}

absl::StatusOr<AddedToken> ReadAddedToken(const Json& item) {
  AddedToken token;
  token.content = item.at("content").get<std::string>();
  if (token.content.empty()) return absl::InvalidArgumentError("an added token is empty");
  ASSIGN_OR_RETURN(token.id, ReadTokenId(item.at("id"), token.content));
  token.special = item.value("special", false);
  token.single_word = item.value("single_word", false);
  token.lstrip = item.value("lstrip", false);
  token.rstrip = item.value("rstrip", false);
  token.normalized = item.value("normalized", !token.special);
  return token;
}

absl::StatusOr<AddedTokens> ReadAddedTokens(const Json& items) {
  std::vector<AddedToken> tokens;
  for (const Json& item : items) {
    ASSIGN_OR_RETURN(tokens.emplace_back(), ReadAddedToken(item));
  }
  return AddedTokens(std::move(tokens));
}

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

absl::Status ReadPostProcessor(const Json& part, std::vector<int32_t>* prefix) {
  const std::string type = TypeOf(part);
  if (type == "none" || type == "ByteLevel") return absl::OkStatus();
  if (type == "TemplateProcessing") return ReadTemplate(part, prefix);
  return Unsupported("post_processor", type, "none, ByteLevel, TemplateProcessing, a Sequence");
}

absl::Status ReadPostProcessors(const Json& part, std::vector<int32_t>* prefix) {
  if (TypeOf(part) != "Sequence") return ReadPostProcessor(part, prefix);
  for (const Json& item : part.at("processors")) RETURN_IF_ERROR(ReadPostProcessor(item, prefix));
  return absl::OkStatus();
}

absl::StatusOr<TokenizerParts> Read(const Json& root) {
  RETURN_IF_ERROR(CheckNormalizer(Child(root, "normalizer")));
  RETURN_IF_ERROR(CheckDecoder(Child(root, "decoder")));
  ASSIGN_OR_RETURN(const Splitting splitting, ReadPreTokenizer(Child(root, "pre_tokenizer")));
  std::vector<int32_t> prefix;
  RETURN_IF_ERROR(ReadPostProcessors(Child(root, "post_processor"), &prefix));
  ASSIGN_OR_RETURN(Bpe bpe, ReadModel(root.at("model")));
  ASSIGN_OR_RETURN(PreTokenizer pre_tokenizer, PreTokenizer::Create(splitting.expressions));
  ASSIGN_OR_RETURN(AddedTokens added_tokens, ReadAddedTokens(Child(root, "added_tokens")));
  return TokenizerParts{std::move(bpe), std::move(pre_tokenizer), splitting.add_prefix_space,
                        std::move(added_tokens), std::move(prefix)};
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
