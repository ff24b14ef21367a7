#include "services/registry/upstream/pulled_versions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/common/manifest.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_files.h"
#include "services/registry/upstream/pulled_refs.h"

namespace ropewalk {
namespace {

constexpr char kLatest[] = "latest";
// A branch that is there while a version is made which no other branch shall go to.
constexpr char kPulling[] = "upstream-pulling";
constexpr char kAuthor[] = "upstream";

std::string KindFor(const std::string& type, const std::vector<v1::File>& files) {
  const bool is_adapter = std::any_of(files.begin(), files.end(), [](const v1::File& file) {
    return file.path() == "adapter_config.json";
  });
  return type == "models" && is_adapter ? "adapters" : type;
}

std::string RepositoryOf(const v1::Version& version) {
  return version.name().substr(0, version.name().rfind("/versions/"));
}

// All files are replaced.
void Replace(const v1::Version& head, Commit* commit) {
  for (const v1::File& file : head.files()) commit->deleted_files.push_back(file.path());
}

absl::Status DeleteTagIfThere(Registry* registry, const std::string& name) {
  v1::DeleteTagRequest request;
  request.set_name(name);
  const absl::Status status = registry->DeleteTag(request);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::StatusOr<v1::Version> PulledVersions::Get(const std::string& name) {
  v1::GetVersionRequest request;
  request.set_name(name);
  return registry_->GetVersion(request);
}

Commit PulledVersions::Described(const std::string& upstream_commit) const {
  Commit commit;
  commit.author = kAuthor;
  commit.title = absl::StrCat("Pulled from ", origin_);
  commit.message = absl::StrCat("Its commit ", upstream_commit);
  return commit;
}

absl::StatusOr<std::optional<v1::Version>> PulledVersions::Find(const UpstreamTarget& target,
                                                                const std::string& commit) {
  const auto repository = catalog_.FindRepository(target.type, target.id);
  if (absl::IsNotFound(repository.status())) return std::nullopt;
  RETURN_IF_ERROR(repository.status());
  const v1::Tag* const mark = FindRef(*repository, MarkOf(commit));
  if (mark == nullptr) return std::nullopt;
  ASSIGN_OR_RETURN(v1::Version version, Get(mark->version()));
  return std::optional<v1::Version>(std::move(version));
}

absl::StatusOr<v1::Version> PulledVersions::Add(const UpstreamTarget& target,
                                                const std::string& commit,
                                                const std::vector<v1::File>& files) {
  const auto repository = catalog_.FindRepository(target.type, target.id);
  if (absl::IsNotFound(repository.status())) return AddFirst(target, commit, files);
  RETURN_IF_ERROR(repository.status());
  if (IsPulled(*repository)) return AddNext(*repository, commit, files);
  return absl::AbortedError(
      absl::StrCat("somebody has made ", repository->name(), " here meanwhile; ask again"));
}

// With its mark from the first moment on: without it, it would pass for one that was made here.
absl::StatusOr<v1::Version> PulledVersions::AddFirst(const UpstreamTarget& target,
                                                     const std::string& commit,
                                                     const std::vector<v1::File>& files) {
  const std::string name = absl::StrCat(KindFor(target.type, files), "/", target.id);
  const Commit described = Described(commit);
  v1::CreateVersionRequest request;
  request.set_repository(name);
  request.mutable_files()->Add(files.begin(), files.end());
  request.mutable_lineage()->set_author(described.author);
  request.mutable_lineage()->set_title(described.title);
  request.mutable_lineage()->set_message(described.message);
  request.add_tags(MarkOf(commit));
  ASSIGN_OR_RETURN(v1::Version version, registry_->CreateVersion(request));
  v1::SetVisibilityRequest show;
  show.set_name(name);
  show.set_visibility(v1::VISIBILITY_PUBLIC);
  RETURN_IF_ERROR(registry_->SetVisibility(show).status());
  // The registry has pointed `latest` to it, which is "main".
  if (target.revision != "main") {
    RETURN_IF_ERROR(DeleteTagIfThere(registry_, TagName(name, kLatest)));
  }
  return version;
}

// By a branch of its own, so that `latest` stays. The repository may become an adapter's by it.
absl::StatusOr<v1::Version> PulledVersions::AddNext(const v1::Repository& repository,
                                                    const std::string& commit,
                                                    const std::vector<v1::File>& files) {
  ASSIGN_OR_RETURN(const v1::Version head, Get(SomePulledVersion(repository)));
  RETURN_IF_ERROR(DeleteTagIfThere(registry_, TagName(repository.name(), kPulling)));
  RETURN_IF_ERROR(registry_->AddTag(repository.name(), kPulling, head.name(), /*branch=*/true));
  Commit change = Described(commit);
  change.repository = repository.name();
  change.branch = kPulling;
  change.files = files;
  Replace(head, &change);
  absl::StatusOr<v1::Version> version = registry_->MakeCommit(change);
  const std::string name = version.ok() ? RepositoryOf(*version) : repository.name();
  RETURN_IF_ERROR(DeleteTagIfThere(registry_, TagName(name, kPulling)));
  RETURN_IF_ERROR(version.status());
  RETURN_IF_ERROR(registry_->AddTag(name, MarkOf(commit), version->name(), /*branch=*/false));
  return version;
}

absl::Status PulledVersions::PointBranch(const UpstreamTarget& target, const v1::Version& version) {
  const std::string branch = target.revision == "main" ? kLatest : target.revision;
  if (branch != kLatest && !MayBeBranch(branch)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const v1::Repository repository,
                   catalog_.FindRepository(target.type, target.id));
  const v1::Tag* const ref = FindRef(repository, target.revision);
  if (ref == nullptr && branch != kLatest) {
    return registry_->AddTag(repository.name(), branch, version.name(), /*branch=*/true);
  }
  Commit change = Described("");
  if (ref != nullptr) {
    if (ref->version() == version.name() || !Follows(repository, target.revision)) {
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const v1::Version head, Get(ref->version()));
    Replace(head, &change);
    change.parent = head.name().substr(head.name().rfind('/') + 1);
  }
  change.repository = repository.name();
  change.branch = branch;
  change.files.assign(version.files().begin(), version.files().end());
  return registry_->MakeCommit(change).status();
}

absl::StatusOr<UpstreamFetch::Known> PulledVersions::KnownFiles(const UpstreamTarget& target) {
  UpstreamFetch::Known known;
  const auto repository = catalog_.FindRepository(target.type, target.id);
  if (absl::IsNotFound(repository.status())) return known;
  RETURN_IF_ERROR(repository.status());
  const v1::Tag* const latest = FindRef(*repository, "main");
  const std::string name = latest == nullptr ? SomePulledVersion(*repository) : latest->version();
  if (name.empty()) return known;
  ASSIGN_OR_RETURN(const v1::Version version, Get(name));
  for (const v1::File& file : version.files()) {
    if (IsLfsFile(file.path(), file.size_bytes())) continue;
    const absl::StatusOr<std::string> oid = registry_->GitOid(file);
    if (oid.ok()) known[*oid] = file.digest();
  }
  return known;
}

}  // namespace ropewalk
