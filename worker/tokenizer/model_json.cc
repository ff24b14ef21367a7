#include "worker/tokenizer/model_json.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// "a b", or ["a", "b"].
absl::StatusOr<std::pair<std::string, std::string>> ReadMerge(const Json& merge) {
  if (merge.is_array() && merge.size() == 2) {
    return std::make_pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  }
  const auto& text = merge.get_ref<const std::string&>();
  const size_t space = text.find(' ');
  if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
    return std::make_pair(text.substr(0, space), text.substr(space + 1));
  }
  return absl::InvalidArgumentError(absl::StrCat("the merge \"", text, "\" is no pair"));
}

absl::StatusOr<Bpe::Merges> ReadMerges(const Json::array_t& items) {
  Bpe::Merges merges;
  merges.reserve(items.size());
  for (const Json& merge : items) {
    // A line that merges.txt begins with.
    if (merge.is_string() && absl::StartsWith(merge.get_ref<const std::string&>(), "#version")) {
      continue;
    }
    ASSIGN_OR_RETURN(merges.emplace_back(), ReadMerge(merge));
  }
  return merges;
}

// Options of BPE that decoder models do not use.
absl::Status CheckOptions(const Json& model) {
  constexpr char kSupported[] = "BPE without it";
  if (const std::string type = model.value("type", "BPE"); type != "BPE") {
    return Unsupported("model", type, "BPE");
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

}  // namespace

absl::StatusOr<Bpe> ReadModel(const Json& model) {
  RETURN_IF_ERROR(CheckOptions(model));
  const auto& tokens = model.at("vocab").get_ref<const Json::object_t&>();
  absl::flat_hash_map<std::string, int32_t> vocabulary;
  vocabulary.reserve(tokens.size());
  for (const auto& [token, id] : tokens) {
    ASSIGN_OR_RETURN(vocabulary[token], ReadTokenId(id, token));
  }
  ASSIGN_OR_RETURN(const Bpe::Merges merges,
                   ReadMerges(model.at("merges").get_ref<const Json::array_t&>()));
  BpeOptions options;
  options.ignore_merges = Child(model, "ignore_merges") == true;
  options.byte_fallback = Child(model, "byte_fallback") == true;
  options.fuse_unk = Child(model, "fuse_unk") == true;
  const Json& unk_token = Child(model, "unk_token");
  if (!unk_token.is_null()) options.unk_token = unk_token.get<std::string>();
  return Bpe::Create(std::move(vocabulary), merges, std::move(options));
}

}  // namespace ropewalk
