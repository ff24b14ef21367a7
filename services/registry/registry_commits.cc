#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/manifest.h"
#include "services/common/status_macros.h"
#include "services/registry/registry_change.h"

// Registry: what only the Hub's clients do.

namespace ropewalk {
namespace {

constexpr char kLatest[] = "latest";
constexpr char kAdapterConfig[] = "adapter_config.json";

using FilesByPath = std::map<std::string, v1::File>;

absl::Status Stale(const Commit& commit, const v1::Version& head) {
  return absl::AbortedError(absl::StrCat("the branch has moved: it is at ", head.name(),
                                         ", not at ", commit.parent, "; look again and retry"));
}

// The files of `head` with the commit's changes.
FilesByPath Apply(const Commit& commit, const v1::Version& head) {
  FilesByPath files;
  for (const v1::File& file : head.files()) files[file.path()] = file;
  for (const std::string& path : commit.deleted_files) files.erase(path);
  for (const std::string& folder : commit.deleted_folders) {
    const std::string prefix = absl::StrCat(absl::StripSuffix(folder, "/"), "/");
    for (auto file = files.lower_bound(prefix);
         file != files.end() && absl::StartsWith(file->first, prefix);) {
      file = files.erase(file);
    }
  }
  for (const v1::File& file : commit.files) files[file.path()] = file;
  return files;
}

std::vector<std::string> DigestsOfWeights(const FilesByPath& files) {
  std::vector<std::string> digests;
  for (const auto& [path, file] : files) {
    if (absl::EndsWith(path, ".safetensors")) digests.push_back(file.digest());
  }
  return digests;
}

FilesByPath FilesOf(const v1::Version& version) { return Apply(Commit(), version); }

// The name that a model has as an adapter; that of anything else as it is.
std::string AsAdapter(const std::string& repository) {
  const absl::string_view model = absl::StripPrefix(repository, "models/");
  return model == repository ? repository : absl::StrCat("adapters/", model);
}

absl::Status CheckMayBecomeAdapter(MetadataStore* metadata, const std::string& repository) {
  const std::string adapter = AsAdapter(repository);
  if (adapter == repository) return absl::OkStatus();
  const absl::Status there = metadata->GetRepository(adapter).status();
  if (absl::IsNotFound(there)) return absl::OkStatus();
  RETURN_IF_ERROR(there);
  return absl::AlreadyExistsError(absl::StrCat(repository, " would become ", adapter,
                                               ", which is there already; commit to that"));
}

}  // namespace

absl::Status Registry::CreateRepository(const std::string& name) {
  RETURN_IF_ERROR(ValidateRepositoryName(name));
  ASSIGN_OR_RETURN(const auto change, BeginChange(name));
  return metadata_->CreateRepository(name, Now());
}

absl::Status Registry::DeleteRepository(const std::string& name) {
  ASSIGN_OR_RETURN(const auto change, BeginChange(name));
  ASSIGN_OR_RETURN(const v1::Repository repository, metadata_->GetRepository(name));
  for (const v1::Tag& tag : repository.tags()) {
    if (!tag.protected_()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the tag ", tag.name(), " is protected; take its protection away first"));
  }
  return metadata_->DeleteRepository(name);
}

absl::Status Registry::MoveRepository(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(ValidateRepositoryName(to));
  ASSIGN_OR_RETURN(const auto change, BeginChange(from));
  ASSIGN_OR_RETURN(const v1::Repository repository, metadata_->GetRepository(from));
  for (const v1::Tag& tag : repository.tags()) {
    if (!tag.immutable()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the tag ", tag.name(), " is immutable, so it keeps its name"));
  }
  RETURN_IF_ERROR(metadata_->MoveRepository(from, to));
  change->MovedTo(to);
  return absl::OkStatus();
}

absl::Status Registry::AddTag(const std::string& repository, const std::string& name,
                              const std::string& version, bool branch) {
  RETURN_IF_ERROR(ValidateNamePart(name, branch ? "branch" : "tag"));
  ASSIGN_OR_RETURN(const auto change, BeginChange(repository));
  const absl::StatusOr<v1::Tag> there = metadata_->GetTag(repository, name);
  if (there.ok()) {
    return absl::AlreadyExistsError(absl::StrCat("there is a tag or branch ", name, " already"));
  }
  if (!absl::IsNotFound(there.status())) return there.status();
  v1::Tag tag;
  tag.set_name(TagName(repository, name));
  tag.set_version(version);
  tag.set_branch(branch);
  *tag.mutable_update_time() = Now();
  return metadata_->PutTag(repository, name, tag);
}

absl::StatusOr<std::unique_ptr<BlobUpload>> Registry::BeginUnnamedUpload(int64_t max_bytes) {
  return blobs_->BeginUnnamedUpload(max_bytes);
}

// The version that the branch is at; one without a name and files if it is `latest` and has none
// yet.
absl::StatusOr<v1::Version> Registry::FindHead(const Commit& commit) {
  const absl::StatusOr<v1::Tag> tag = metadata_->GetTag(commit.repository, commit.branch);
  if (absl::IsNotFound(tag.status()) && commit.branch == kLatest) return v1::Version();
  RETURN_IF_ERROR(tag.status());
  if (!tag->branch() && commit.branch != kLatest) {
    return absl::FailedPreconditionError(
        absl::StrCat(tag->name(), " is a tag; commits go to branches"));
  }
  if (tag->protected_()) {
    return absl::FailedPreconditionError(absl::StrCat(
        tag->name(), " is protected; take its protection away, or commit to another branch"));
  }
  ASSIGN_OR_RETURN(const ResourceName name, ParseResourceName(tag->version()));
  return metadata_->GetVersion(name.repository, name.version);
}

// A model that gets an adapter's configuration is an adapter from then on.
absl::StatusOr<std::string> Registry::SettleKind(const Commit& commit, bool is_adapter) {
  const std::string settled = is_adapter ? AsAdapter(commit.repository) : commit.repository;
  if (settled != commit.repository) {
    RETURN_IF_ERROR(metadata_->MoveRepository(commit.repository, settled));
  }
  return settled;
}

absl::StatusOr<v1::Version> Registry::MakeCommit(const Commit& commit) {
  ASSIGN_OR_RETURN(const auto change, BeginChange(commit.repository));
  RETURN_IF_ERROR(metadata_->GetRepository(commit.repository).status());
  ASSIGN_OR_RETURN(const v1::Version head, FindHead(commit));
  const absl::string_view head_id =
      absl::string_view(head.name()).substr(head.name().rfind('/') + 1);
  if (!commit.parent.empty() && !head.name().empty() && !absl::StartsWith(head_id, commit.parent)) {
    return Stale(commit, head);
  }
  const FilesByPath files = Apply(commit, head);
  v1::CreateVersionRequest request;
  for (const auto& [path, file] : files) *request.add_files() = file;
  RETURN_IF_ERROR(ValidateManifest(request.files()));
  if (DigestsOfWeights(files) == DigestsOfWeights(FilesOf(head))) {
    *request.mutable_lineage() = head.lineage();
  }
  request.mutable_lineage()->set_author(commit.author);
  request.mutable_lineage()->set_title(commit.title);
  request.mutable_lineage()->set_message(commit.message);
  const bool is_adapter = files.count(kAdapterConfig) > 0;
  request.set_repository(commit.repository);
  request.add_tags(commit.branch);
  if (is_adapter) {
    RETURN_IF_ERROR(CheckMayBecomeAdapter(metadata_, commit.repository));
    RETURN_IF_ERROR(CheckBlobs(request));
    RETURN_IF_ERROR(CheckAdapter(request));
  }
  ASSIGN_OR_RETURN(const v1::Version version, PutVersion(request, /*move_latest=*/false));
  // Last, so that a commit that fails, or is cut off, leaves the repository where it was. When the
  // client sends a commit again that was made but for this, it is made up for.
  ASSIGN_OR_RETURN(const std::string settled, SettleKind(commit, is_adapter));
  if (settled == commit.repository) return version;
  change->MovedTo(settled);
  return metadata_->GetVersion(settled, VersionId(request.files()));
}

}  // namespace ropewalk
