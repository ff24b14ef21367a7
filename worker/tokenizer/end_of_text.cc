#include "worker/tokenizer/end_of_text.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/json_file.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

// An empty object if the file is not there.
absl::StatusOr<Json> ReadConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadJsonFile(path);
  if (absl::IsNotFound(text.status())) return Json::object();
  RETURN_IF_ERROR(text.status());
  Json config = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (config.is_object()) return config;
  return absl::InvalidArgumentError(absl::StrCat(path, ": not a JSON object"));
}

absl::StatusOr<int32_t> TokenByName(const std::string& name, const TokenizerParts& parts) {
  for (const AddedToken& token : parts.added_tokens.tokens()) {
    if (token.content == name) return token.id;
  }
  if (const int32_t id = parts.bpe.vocabulary().Find(name); id >= 0) return id;
  return absl::InvalidArgumentError(absl::StrCat("the eos_token \"", name, "\" is no token"));
}

absl::StatusOr<int32_t> CheckedToken(int64_t id, const TokenizerParts& parts) {
  const auto is_added = [id](const AddedToken& token) { return token.id == id; };
  const auto& added = parts.added_tokens.tokens();
  const bool fits = id >= 0 && id <= std::numeric_limits<int32_t>::max();
  if (fits && (std::any_of(added.begin(), added.end(), is_added) ||
               parts.bpe.vocabulary().Name(static_cast<int32_t>(id)) != nullptr)) {
    return static_cast<int32_t>(id);
  }
  return absl::InvalidArgumentError(absl::StrCat("the eos_token_id ", id, " is no token"));
}

// The name of the token: a string, or an added token written out. nullptr: not said.
const std::string* EosName(const Json& config) {
  const auto eos = config.find("eos_token");
  if (eos == config.end()) return nullptr;
  if (!eos->is_object()) return eos->get_ptr<const std::string*>();
  const auto content = eos->find("content");
  return content == eos->end() ? nullptr : content->get_ptr<const std::string*>();
}

// nullptr: not said.
const Json* EosId(const Json& config) {
  const auto eos = config.find("eos_token_id");
  if (eos == config.end()) return nullptr;
  const Json& id = eos->is_array() && !eos->empty() ? eos->front() : *eos;
  return id.is_number_integer() ? &id : nullptr;
}

}  // namespace

absl::StatusOr<int32_t> FindEndOfText(const std::string& model_folder,
                                      const TokenizerParts& parts) {
  ASSIGN_OR_RETURN(const Json tokenizer_config,
                   ReadConfig(model_folder + "/tokenizer_config.json"));
  if (const std::string* name = EosName(tokenizer_config)) return TokenByName(*name, parts);
  for (const char* file : {"/generation_config.json", "/config.json"}) {
    ASSIGN_OR_RETURN(const Json config, ReadConfig(model_folder + file));
    if (const Json* id = EosId(config)) return CheckedToken(id->get<int64_t>(), parts);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(model_folder, ": no end-of-text token: write eos_token into ",
                   "tokenizer_config.json, or eos_token_id into config.json"));
}

}  // namespace ropewalk
