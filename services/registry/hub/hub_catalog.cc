#include "services/registry/hub/hub_catalog.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/manifest.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_error.h"

namespace ropewalk {
namespace {

constexpr size_t kCommitDigits = 40;
constexpr size_t kFewestDigits = 7;
constexpr size_t kVersionDigits = 64;

bool MayBeCommit(const std::string& revision) {
  return revision.size() >= kFewestDigits && revision.size() <= kVersionDigits &&
         std::all_of(revision.begin(), revision.end(),
                     [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); });
}

v1::Version EmptyVersion(const v1::Repository& repository) {
  v1::Version version;
  version.set_name(VersionName(repository.name(), VersionId({})));
  *version.mutable_create_time() = repository.create_time();
  return version;
}

}  // namespace

std::vector<std::string> KindsOf(const std::string& type) {
  if (type == "models") return {"adapters", "models"};
  return {type};
}

std::string AuthorOf(const std::string& id) { return id.substr(0, id.find('/')); }

std::string HubRevision::commit() const { return CommitOf(version.name()); }

std::string CommitOf(const std::string& version_name) {
  return version_name.substr(version_name.rfind('/') + 1, kCommitDigits);
}

absl::StatusOr<v1::Repository> HubCatalog::FindRepository(const std::string& type,
                                                          const std::string& id) {
  for (const std::string& kind : KindsOf(type)) {
    const std::string name = absl::StrCat(kind, "/", id);
    if (!ValidateRepositoryName(name).ok()) break;
    absl::StatusOr<v1::Repository> repository = registry_->GetRepository(name);
    if (!absl::IsNotFound(repository.status())) return repository;
  }
  return RepoNotFound(id);
}

absl::StatusOr<v1::Version> HubCatalog::FindVersion(const v1::Repository& repository,
                                                    const std::string& revision) {
  const std::string tag = revision == "main" ? "latest" : revision;
  if (ValidateNamePart(tag, "tag").ok()) {
    v1::GetVersionRequest request;
    request.set_name(TagName(repository.name(), tag));
    absl::StatusOr<v1::Version> version = registry_->GetVersion(request);
    if (!absl::IsNotFound(version.status())) return version;
  }
  if (MayBeCommit(revision)) return registry_->FindVersion(repository.name(), revision);
  return absl::NotFoundError(revision);
}

absl::StatusOr<HubRevision> HubCatalog::FindRevision(const std::string& type, const std::string& id,
                                                     const std::string& revision) {
  ASSIGN_OR_RETURN(v1::Repository repository, FindRepository(type, id));
  return RevisionOf(std::move(repository), revision);
}

absl::StatusOr<HubRevision> HubCatalog::RevisionOf(v1::Repository repository,
                                                   const std::string& revision) {
  HubRevision found;
  found.id = repository.name().substr(repository.name().find('/') + 1);
  found.repository = std::move(repository);
  if (revision == "main" && found.repository.version_count() == 0) {
    found.version = EmptyVersion(found.repository);
    return found;
  }
  absl::StatusOr<v1::Version> version = FindVersion(found.repository, revision);
  if (absl::IsNotFound(version.status())) return RevisionNotFound(found.id, revision);
  RETURN_IF_ERROR(version.status());
  found.version = *std::move(version);
  return found;
}

}  // namespace ropewalk
