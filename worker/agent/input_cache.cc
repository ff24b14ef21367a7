#include "worker/agent/input_cache.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/registry_client.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::Status Naming(const std::string& version, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(version, ": ", status.message()));
}

absl::StatusOr<std::vector<std::string>> JsonlFiles(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListFilesBelow(folder));
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (absl::EndsWith(path, ".jsonl")) files.push_back(absl::StrCat(folder, "/", path));
  }
  if (files.empty()) return absl::InvalidArgumentError("this dataset holds no .jsonl file");
  return files;
}

}  // namespace

absl::StatusOr<std::string> InputCache::FetchFolder(const std::string& name) {
  const absl::StatusOr<v1::Version> version = registry_->GetVersion(name);
  if (!version.ok()) return Naming(name, version.status());
  const std::string digest = version->name().substr(version->name().rfind('/') + 1);
  const std::string folder = absl::StrCat(folder_, "/", digest);
  const absl::Status status = registry_->FetchVersion(*version, folder);
  if (!status.ok()) return Naming(name, status);
  return folder;
}

absl::StatusOr<TrainingFiles> InputCache::Fetch(const v1::JobInputs& inputs) {
  TrainingFiles files;
  ASSIGN_OR_RETURN(files.base_folder, FetchFolder(inputs.base_model()));
  const auto fetch_all = [&](const auto& versions, std::vector<std::string>* out) -> absl::Status {
    for (const std::string& version : versions) {
      ASSIGN_OR_RETURN(const std::string folder, FetchFolder(version));
      const absl::StatusOr<std::vector<std::string>> found = JsonlFiles(folder);
      if (!found.ok()) return Naming(version, found.status());
      out->insert(out->end(), found->begin(), found->end());
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(fetch_all(inputs.train_data(), &files.train_files));
  RETURN_IF_ERROR(fetch_all(inputs.eval_data(), &files.eval_files));
  return files;
}

absl::StatusOr<std::string> InputCache::FetchCheckpoint(const std::string& version) {
  ASSIGN_OR_RETURN(const std::string folder, FetchFolder(version));
  return ReadFile(absl::StrCat(folder, "/state.safetensors"));
}

}  // namespace ropewalk
