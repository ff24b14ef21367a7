#include "worker/data/tokenizer_json.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

absl::Status Unsupported(absl::string_view part, const std::string& what, absl::string_view supported) {
  return absl::InvalidArgumentError(
      absl::StrCat("tokenizer.json: the ", part, " ", what, " is not supported; supported: ", supported));
}

std::string TypeOf(const Json& part) { return part.is_object() ? part.value("type", "(none)") : "(none)"; }

// How a tokenizer.json cuts text into words.
struct Splitting {
  std::string regex;
  bool add_prefix_space = false;
};

absl::Status ReadByteLevel(const Json& part, Splitting* splitting) {
  splitting->add_prefix_space = part.value("add_prefix_space", true);
  if (!part.value("use_regex", true)) return absl::OkStatus();
  if (!splitting->regex.empty()) return Unsupported("pre_tokenizer", "Split followed by ByteLevel with use_regex", "use_regex false");
  splitting->regex = PreTokenizer::kGpt2Regex;
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& part, Splitting* splitting) {
  const Json pattern = part.value("pattern", Json::object());
  const bool plain = part.value("behavior", "") == "Isolated" && !part.value("invert", false) && pattern.contains("Regex");
  if (!plain || !splitting->regex.empty()) {
    return Unsupported("pre_tokenizer", absl::StrCat("Split ", part.dump()), "one Split with a Regex, behavior Isolated");
  }
  splitting->regex = pattern["Regex"].get<std::string>();
  return absl::OkStatus();
}

absl::Status ReadPreTokenizer(const Json& part, Splitting* splitting) {
  const std::string type = TypeOf(part);
  if (type == "ByteLevel") return ReadByteLevel(part, splitting);
  if (type == "Split") return ReadSplit(part, splitting);
  if (type != "Sequence") return Unsupported("pre_tokenizer", type, "ByteLevel, or Split and ByteLevel in a Sequence");
  bool byte_level = false;
  for (const Json& item : part.value("pretokenizers", Json::array())) {
    byte_level = byte_level || TypeOf(item) == "ByteLevel";
    RETURN_IF_ERROR(ReadPreTokenizer(item, splitting));
  }
  return byte_level ? absl::OkStatus() : Unsupported("pre_tokenizer", "Sequence without ByteLevel", "byte-level BPE");
}

absl::Status CheckSurroundings(const Json& root) {
  const std::string normalizer = TypeOf(root.value("normalizer", Json()));
  if (normalizer != "(none)" && normalizer != "NFC") return Unsupported("normalizer", normalizer, "none, NFC");
  const std::string decoder = TypeOf(root.value("decoder", Json()));
  if (decoder != "ByteLevel") return Unsupported("decoder", decoder, "ByteLevel");
  const std::string post = TypeOf(root.value("post_processor", Json()));
  if (post != "(none)" && post != "ByteLevel" && post != "TemplateProcessing" && post != "Sequence") {
    return Unsupported("post_processor", post, "none, ByteLevel, TemplateProcessing");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::pair<std::string, std::string>> ReadMerge(const Json& merge) {
  if (merge.is_array() && merge.size() == 2) return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  const std::string text = merge.get<std::string>();
  const size_t space = text.find(' ');
  if (space == std::string::npos) return absl::InvalidArgumentError(absl::StrCat("tokenizer.json: merge \"", text, "\" is no pair"));
  return std::pair(text.substr(0, space), text.substr(space + 1));
}

absl::StatusOr<Bpe> ReadModel(const Json& model) {
  const std::string type = model.value("type", "BPE");
  if (type != "BPE") return Unsupported("model", type, "BPE");
  if (model.value("byte_fallback", false)) return Unsupported("model", "BPE with byte_fallback", "byte-level BPE");
  absl::flat_hash_map<std::string, int32_t> vocabulary;
  for (const auto& [token, id] : model.at("vocab").items()) vocabulary.emplace(token, id.get<int32_t>());
  std::vector<std::pair<std::string, std::string>> merges;
  for (const Json& merge : model.value("merges", Json::array())) {
    ASSIGN_OR_RETURN(merges.emplace_back(), ReadMerge(merge));
  }
  return Bpe::Create(std::move(vocabulary), merges, model.value("ignore_merges", false));
}

absl::StatusOr<AddedTokens> ReadAddedTokens(const Json& root) {
  std::vector<AddedToken> tokens;
  for (const Json& item : root.value("added_tokens", Json::array())) {
    AddedToken token;
    token.content = item.at("content").get<std::string>();
    token.id = item.at("id").get<int32_t>();
    token.special = item.value("special", false);
    token.single_word = item.value("single_word", false);
    token.lstrip = item.value("lstrip", false);
    token.rstrip = item.value("rstrip", false);
    if (token.content.empty() || token.id < 0) {
      return absl::InvalidArgumentError("tokenizer.json: an added token is empty or has a negative id");
    }
    tokens.push_back(std::move(token));
  }
  return AddedTokens(std::move(tokens));
}

absl::StatusOr<TokenizerParts> Read(const Json& root) {
  RETURN_IF_ERROR(CheckSurroundings(root));
  Splitting splitting;
  RETURN_IF_ERROR(ReadPreTokenizer(root.value("pre_tokenizer", Json()), &splitting));
  ASSIGN_OR_RETURN(Bpe bpe, ReadModel(root.at("model")));
  ASSIGN_OR_RETURN(PreTokenizer pre_tokenizer, PreTokenizer::Create(splitting.regex));
  ASSIGN_OR_RETURN(AddedTokens added_tokens, ReadAddedTokens(root));
  return TokenizerParts{std::move(bpe), std::move(pre_tokenizer), splitting.add_prefix_space, std::move(added_tokens)};
}

// A JSON file of the folder, null if it is not there or not JSON.
Json ReadOptional(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const Json root = Json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
  return root.is_object() ? root : Json();
}

// By what tokenizer_config.json calls it: a string, or an added token written out. -1: not said.
int32_t EosByName(const Json& config, const TokenizerParts& parts) {
  const auto it = config.find("eos_token");
  if (it == config.end()) return -1;
  const Json& name = it->is_object() && it->contains("content") ? (*it)["content"] : *it;
  if (!name.is_string()) return -1;
  for (const AddedToken& token : parts.added_tokens.tokens()) {
    if (token.content == name.get<std::string>()) return token.id;
  }
  const auto in_vocabulary = parts.bpe.vocabulary().find(name.get<std::string>());
  return in_vocabulary == parts.bpe.vocabulary().end() ? -1 : in_vocabulary->second;
}

int32_t EosById(const Json& config) {
  const auto it = config.find("eos_token_id");
  if (it == config.end()) return -1;
  const Json& id = it->is_array() && !it->empty() ? (*it)[0] : *it;
  return id.is_number_integer() ? id.get<int32_t>() : -1;
}

}  // namespace

absl::StatusOr<TokenizerParts> ParseTokenizerJson(absl::string_view json) {
  // The library throws on values of another type than asked for; that is bad input like any other.
  try {
    const Json root = Json::parse(json.begin(), json.end());
    if (!root.is_object()) return absl::InvalidArgumentError("tokenizer.json: not a JSON object");
    return Read(root);
  } catch (const nlohmann::json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("tokenizer.json: ", error.what()));
  }
}

absl::StatusOr<int32_t> FindEos(const std::string& model_folder, const TokenizerParts& parts) {
  const Json tokenizer_config = ReadOptional(model_folder + "/tokenizer_config.json");
  if (tokenizer_config.is_object()) {
    if (const int32_t eos = EosByName(tokenizer_config, parts); eos >= 0) return eos;
  }
  for (const char* file : {"/generation_config.json", "/config.json"}) {
    const Json config = ReadOptional(model_folder + file);
    if (!config.is_object()) continue;
    if (const int32_t eos = EosById(config); eos >= 0) return eos;
  }
  return absl::InvalidArgumentError(absl::StrCat(model_folder, ": no end-of-text token: write eos_token into tokenizer_config.json",
                                                 " or eos_token_id into config.json"));
}

}  // namespace ropewalk
