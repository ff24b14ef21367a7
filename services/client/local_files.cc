#include "services/client/local_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

bool IsModelFile(const std::string& path) {
  constexpr std::array<absl::string_view, 5> kEndings = {".json", ".safetensors", ".txt", ".model",
                                                         ".jinja"};
  return !absl::StrContains(path, "/") && !absl::StartsWith(path, ".") &&
         absl::c_any_of(kEndings, [&](absl::string_view end) { return absl::EndsWith(path, end); });
}

absl::Status CheckRow(absl::string_view line, const std::string& where) {
  const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
  if (row.is_object()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(where,
                   ": not a JSON object; each line of the file must be one, like "
                   "{\"prompt\": \"...\", \"completion\": \"...\"}"));
}

absl::Status CheckDataFile(const std::string& path, absl::string_view field) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": '", path, "' is a folder; name its JSONL files"));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return CheckJsonLines(text, path);
}

// What has no local file must at least look like a name.
absl::Status CheckMissing(const std::string& name, absl::string_view field) {
  const size_t slashes = std::count(name.begin(), name.end(), '/');
  const bool can_be_name = slashes >= 1 && !absl::EndsWith(name, ".jsonl") &&
                           !absl::StartsWith(name, "/") && !absl::StartsWith(name, ".");
  if (can_be_name) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": '", name,
                   "' is not there (looked from the current folder), and is no "
                   "name in the registry either, which would be namespace/name"));
}

absl::Status CheckData(const google::protobuf::RepeatedPtrField<std::string>& names,
                       absl::string_view field) {
  for (const std::string& name : names) {
    RETURN_IF_ERROR(IsLocal(name) ? CheckDataFile(name, field) : CheckMissing(name, field));
  }
  return absl::OkStatus();
}

absl::Status CheckBaseModel(const v1::JobSpec& spec) {
  const std::string& folder = spec.base_model();
  if (!IsLocal(folder)) return CheckMissing(folder, "base_model");
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat("base_model: '", folder, "' is a file; give a Hugging Face model folder"));
  }
  ASSIGN_OR_RETURN(const std::vector<SourceFile> files, ModelFiles(folder));
  std::vector<std::string> paths;
  for (const SourceFile& file : files) paths.push_back(file.path);
  return CheckModelFiles(paths, folder, spec.method());
}

}  // namespace

bool IsLocal(const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(name, error);
}

absl::StatusOr<std::vector<SourceFile>> ModelFiles(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListFilesBelow(folder));
  std::vector<SourceFile> files;
  for (const std::string& path : paths) {
    if (IsModelFile(path))
      files.push_back(SourceFile::OnDisk(path, absl::StrCat(folder, "/", path)));
  }
  return files;
}

absl::Status CheckModelFiles(const std::vector<std::string>& paths, const std::string& model,
                             const v1::Method& method) {
  for (const char* needed : {"config.json", "tokenizer.json"}) {
    if (!absl::c_linear_search(paths, needed)) {
      return absl::InvalidArgumentError(absl::StrCat("base_model: '", model, "' has no ", needed,
                                                     "; it must be a Hugging Face model folder"));
    }
  }
  const bool weights = absl::c_any_of(
      paths, [](const std::string& path) { return absl::EndsWith(path, ".safetensors"); });
  if (weights || method.has_full()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("base_model: '", model,
                                                 "' has no weights (*.safetensors); only "
                                                 "method: {full: {}} can start without them"));
}

absl::Status CheckJsonLines(absl::string_view text, const std::string& source) {
  int64_t number = 0;
  int64_t rows = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripSuffix(line, "\r");
    if (line.empty()) continue;
    ++rows;
    RETURN_IF_ERROR(CheckRow(line, absl::StrCat(source, ":", number)));
  }
  if (rows > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(source, ":1: the file has no rows"));
}

absl::Status CheckLocalFiles(const v1::JobSpec& spec) {
  RETURN_IF_ERROR(CheckBaseModel(spec));
  RETURN_IF_ERROR(CheckData(spec.train_data(), "train_data"));
  return CheckData(spec.eval_data(), "eval_data");
}

}  // namespace ropewalk
