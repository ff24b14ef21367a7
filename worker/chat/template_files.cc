#include "worker/chat/template_files.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

struct Source {
  std::string text, file;
};
using Sources = std::map<std::string, Source>;  // by name: "default", "tool_use", ...

// Nothing if the file is not there.
absl::StatusOr<std::optional<std::string>> ReadIfThere(const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok()) return *std::move(text);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  return text.status();
}

// An empty object if the file is not there.
absl::StatusOr<Json> ReadJsonIfThere(const std::string& path) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text, ReadIfThere(path));
  if (!text.has_value()) return Json::object();
  Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return absl::InvalidArgumentError(absl::StrCat(path, " holds no JSON object"));
}

absl::Status AddFile(const std::string& path, const std::string& name, Sources* sources) {
  ASSIGN_OR_RETURN(std::optional<std::string> text, ReadIfThere(path));
  if (text.has_value()) (*sources)[name] = {*std::move(text), path};
  return absl::OkStatus();
}

absl::Status AddOfConfig(const Json& config, const std::string& path, Sources* sources) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return absl::OkStatus();
  if (found->is_string()) {
    (*sources)["default"] = {found->get<std::string>(), absl::StrCat(path, ":chat_template")};
    return absl::OkStatus();
  }
  const auto bad = [&] {
    return absl::InvalidArgumentError(absl::StrCat(
        path, ": 'chat_template' is neither a string nor a list of {\"name\", \"template\"}"));
  };
  if (!found->is_array()) return bad();
  for (const Json& entry : *found) {
    const bool is_named = entry.is_object() && entry.contains("name") && entry.contains("template");
    if (!is_named || !entry["name"].is_string() || !entry["template"].is_string()) return bad();
    const std::string name = entry["name"];
    (*sources)[name] = {entry["template"], absl::StrCat(path, ":chat_template[", name, "]")};
  }
  return absl::OkStatus();
}

absl::StatusOr<Sources> FindSources(const std::string& folder, const Json& config,
                                    const std::string& config_path) {
  Sources sources;
  RETURN_IF_ERROR(AddFile(folder + "/chat_template.jinja", "default", &sources));
  for (const std::string name : {"default", "tool_use"}) {
    RETURN_IF_ERROR(AddFile(folder + "/chat_templates/" + name + ".jinja", name, &sources));
  }
  if (sources.empty()) RETURN_IF_ERROR(AddOfConfig(config, config_path, &sources));
  if (sources.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder,
        " has no chat template: looked for chat_template.jinja, chat_templates/*.jinja and "
        "'chat_template' in tokenizer_config.json"));
  }
  if (sources.count("default") > 0) return sources;
  return absl::InvalidArgumentError(
      absl::StrCat(folder, " has chat templates, but none that is named 'default'"));
}

// Takes special tokens that `variables` lacks: strings, or objects with their `content`.
void AddSpecialTokens(const Json& json, Json* variables) {
  for (const char* name : {"bos_token", "eos_token", "unk_token", "sep_token", "pad_token",
                           "cls_token", "mask_token"}) {
    const auto found = json.find(name);
    if (found == json.end() || variables->contains(name)) continue;
    const bool added = found->is_object() && found->contains("content");
    const Json& token = added ? (*found)["content"] : *found;
    if (token.is_string()) (*variables)[name] = token;
  }
}

// The templates, and the special tokens of the folder.
absl::StatusOr<ChatFormat> FormatOf(const Sources& sources, const std::string& model_folder,
                                    const Json& config) {
  const Source& source = sources.at("default");
  ASSIGN_OR_RETURN(ChatTemplate parsed, ChatTemplate::Parse(source.text, source.file));
  ChatFormat format{std::move(parsed), std::nullopt, Json::object()};
  if (const auto found = sources.find("tool_use"); found != sources.end()) {
    ASSIGN_OR_RETURN(format.tool_use, ChatTemplate::Parse(found->second.text, found->second.file));
  }
  AddSpecialTokens(config, &format.variables);
  ASSIGN_OR_RETURN(const Json legacy, ReadJsonIfThere(model_folder + "/special_tokens_map.json"));
  AddSpecialTokens(legacy, &format.variables);
  return format;
}

}  // namespace

absl::StatusOr<ChatFormat> LoadChatFormat(const std::string& model_folder) {
  const std::string config_path = model_folder + "/tokenizer_config.json";
  ASSIGN_OR_RETURN(const Json config, ReadJsonIfThere(config_path));
  ASSIGN_OR_RETURN(const Sources sources, FindSources(model_folder, config, config_path));
  return FormatOf(sources, model_folder, config);
}

absl::StatusOr<ChatFormat> LoadChatFormatWith(const std::string& model_folder,
                                              const std::string& chat_template) {
  ASSIGN_OR_RETURN(const Json config, ReadJsonIfThere(model_folder + "/tokenizer_config.json"));
  return FormatOf({{"default", {chat_template, "the given chat template"}}}, model_folder, config);
}

}  // namespace ropewalk
