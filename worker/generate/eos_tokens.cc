#include "worker/generate/eos_tokens.h"

#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/model/strict_json.h"
#include "worker/tokenizer/json_file.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

// Nothing: the file is not there or does not say.
absl::StatusOr<std::vector<int32_t>> FromGenerationConfig(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadJsonFile(path);
  if (absl::IsNotFound(text.status())) return std::vector<int32_t>();
  RETURN_IF_ERROR(text.status());
  ASSIGN_OR_RETURN(const Json config, ParseStrictJson(*text, path));
  const Json value = config.value("eos_token_id", Json());
  if (value.is_null()) return std::vector<int32_t>();
  std::vector<int32_t> tokens;
  for (const Json& token : value.is_array() ? value : Json::array({value})) {
    if (!token.is_number_unsigned() || token > INT32_MAX) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": 'eos_token_id' is ", value.dump(),
                                                     ", not a token or a list of tokens"));
    }
    tokens.push_back(token.get<int32_t>());
  }
  return tokens;
}

}  // namespace

absl::StatusOr<std::vector<int32_t>> EosTokens(const std::string& model_folder,
                                               const ModelConfig& config,
                                               const Tokenizer& tokenizer) {
  ASSIGN_OR_RETURN(std::vector<int32_t> tokens,
                   FromGenerationConfig(model_folder + "/generation_config.json"));
  if (tokens.empty()) tokens = config.eos_token_ids;
  if (!absl::c_linear_search(tokens, tokenizer.eos())) tokens.push_back(tokenizer.eos());
  return tokens;
}

}  // namespace ropewalk
