#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/manifest.h"
#include "services/common/status_macros.h"
#include "services/registry/page_size.h"
#include "services/registry/page_token.h"
#include "services/registry/registry_change.h"

// Registry: versions and repositories.

namespace ropewalk {
namespace {

constexpr char kLatest[] = "latest";
absl::Status ValidateTags(const v1::CreateVersionRequest& request) {
  for (const std::string& tag : request.tags()) RETURN_IF_ERROR(ValidateNamePart(tag, "tag"));
  return absl::OkStatus();
}

bool HasTag(const v1::Version& version, const std::string& tag) {
  return std::find(version.tags().begin(), version.tags().end(), tag) != version.tags().end();
}

absl::Status OtherBase(const v1::Version& version, const std::string& expected) {
  const std::string& base = version.lineage().base_model_digest();
  return absl::FailedPreconditionError(absl::StrCat(version.name(), " was made for the base model ",
                                                    base.empty() ? "(none)" : base, ", not for ",
                                                    expected, "; load it on its own base"));
}

// Without what only says which page.
std::string Selection(v1::ListVersionsRequest request) {
  request.clear_page_size();
  request.clear_page_token();
  return absl::StrCat("versions:", request.SerializeAsString());
}

absl::StatusOr<VersionQuery> ToQuery(const v1::ListVersionsRequest& request) {
  VersionQuery query;
  if (request.parent().find('/') == std::string::npos) {
    RETURN_IF_ERROR(ValidateKind(request.parent()));
    query.kind = request.parent();
  } else {
    RETURN_IF_ERROR(ValidateRepositoryName(request.parent()));
    query.repository = request.parent();
  }
  query.base_model_digest = request.base_model_digest();
  query.method = request.method();
  query.tag = request.tag();
  if (!request.metric_filter().empty()) {
    ASSIGN_OR_RETURN(query.metric, ParseMetricFilter(request.metric_filter()));
  }
  ASSIGN_OR_RETURN(query.limit, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const std::string position,
                   DecodePageToken(Selection(request), request.page_token()));
  if (!position.empty() && !absl::SimpleAtoi(position, &query.before)) {
    return absl::InvalidArgumentError("page_token was not issued for this request");
  }
  return query;
}

}  // namespace

absl::StatusOr<v1::Version> Registry::Resolve(const ResourceName& name) {
  if (!name.version.empty()) return metadata_->GetVersion(name.repository, name.version);
  const std::string tag_name = name.tag.empty() ? kLatest : name.tag;
  ASSIGN_OR_RETURN(const v1::Tag tag, metadata_->GetTag(name.repository, tag_name));
  ASSIGN_OR_RETURN(const ResourceName version, ParseResourceName(tag.version()));
  return metadata_->GetVersion(version.repository, version.version);
}

absl::StatusOr<v1::Version> Registry::ResolveName(const std::string& name) {
  ASSIGN_OR_RETURN(const ResourceName parsed, ParseResourceName(name));
  return Resolve(parsed);
}

absl::StatusOr<v1::Version> Registry::GetVersion(const v1::GetVersionRequest& request) {
  ASSIGN_OR_RETURN(v1::Version version, ResolveName(request.name()));
  const std::string& expected = request.expected_base_model_digest();
  if (expected.empty() || version.lineage().base_model_digest() == expected) return version;
  return OtherBase(version, expected);
}

absl::Status Registry::CheckBlobs(const v1::CreateVersionRequest& request) {
  for (const v1::File& file : request.files()) {
    const absl::StatusOr<BlobInfo> blob = blobs_->Stat(file.digest());
    if (absl::IsNotFound(blob.status())) {
      return absl::FailedPreconditionError(absl::StrCat(
          "file '", file.path(), "': the blob ", file.digest(), " is missing; upload it first"));
    }
    RETURN_IF_ERROR(blob.status());
    if (blob->size_bytes == file.size_bytes()) continue;
    return absl::InvalidArgumentError(absl::StrCat("file '", file.path(), "': size_bytes is ",
                                                   file.size_bytes(), ", but its blob has ",
                                                   blob->size_bytes, " bytes"));
  }
  return absl::OkStatus();
}

// The lineage with the base model's name and digest spelt out.
absl::StatusOr<v1::Lineage> Registry::CheckLineage(const v1::Lineage& lineage) {
  if (lineage.base_model().empty()) return lineage;
  const absl::StatusOr<v1::Version> base = ResolveName(lineage.base_model());
  if (absl::IsNotFound(base.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the base model ", lineage.base_model(), " is not in this registry; publish it first"));
  }
  RETURN_IF_ERROR(base.status());
  ASSIGN_OR_RETURN(const ResourceName name, ParseResourceName(base->name()));
  const std::string& digest = lineage.base_model_digest();
  if (!digest.empty() && digest != name.version) {
    return absl::InvalidArgumentError(absl::StrCat("base_model_digest is ", digest, ", but ",
                                                   lineage.base_model(), " is ", name.version));
  }
  v1::Lineage checked = lineage;
  checked.set_base_model(base->name());
  checked.set_base_model_digest(name.version);
  return checked;
}

absl::StatusOr<v1::Version> Registry::CreateVersion(const v1::CreateVersionRequest& request) {
  RETURN_IF_ERROR(ValidateRepositoryName(request.repository()));
  RETURN_IF_ERROR(ValidateManifest(request.files()));
  RETURN_IF_ERROR(ValidateTags(request));
  ASSIGN_OR_RETURN(const auto change, BeginChange(request.repository()));
  return PutVersion(request, /*move_latest=*/true);
}

absl::StatusOr<v1::Version> Registry::PutVersion(const v1::CreateVersionRequest& request,
                                                 bool move_latest) {
  const std::string id = VersionId(request.files());
  absl::StatusOr<v1::Version> there = metadata_->GetVersion(request.repository(), id);
  if (absl::IsNotFound(there.status())) return AddVersion(request, id, move_latest);
  RETURN_IF_ERROR(there.status());
  return AddTags(request, *std::move(there));
}

absl::StatusOr<v1::Version> Registry::AddVersion(const v1::CreateVersionRequest& request,
                                                 const std::string& id, bool move_latest) {
  RETURN_IF_ERROR(CheckBlobs(request));
  if (absl::StartsWith(request.repository(), "adapters/")) RETURN_IF_ERROR(CheckAdapter(request));
  v1::Version version;
  version.set_name(VersionName(request.repository(), id));
  *version.mutable_files() = request.files();
  *version.mutable_create_time() = Now();
  ASSIGN_OR_RETURN(*version.mutable_lineage(), CheckLineage(request.lineage()));
  for (const v1::File& file : request.files()) {
    version.set_total_bytes(version.total_bytes() + file.size_bytes());
  }
  for (const std::string& tag : request.tags()) {
    RETURN_IF_ERROR(CheckTagMayBecome(request.repository(), tag, version.name(), true));
    version.add_tags(tag);
  }
  ASSIGN_OR_RETURN(const bool may_move, LatestMayMove(request.repository()));
  if (move_latest && may_move && !HasTag(version, kLatest)) version.add_tags(kLatest);
  ASSIGN_OR_RETURN(const std::vector<std::string> labels, FindLabels(version));
  version.mutable_labels()->Add(labels.begin(), labels.end());
  RETURN_IF_ERROR(metadata_->PutVersion(request.repository(), id, version));
  return metadata_->GetVersion(request.repository(), id);
}

// Of a version that was there before.
absl::StatusOr<v1::Version> Registry::AddTags(const v1::CreateVersionRequest& request,
                                              v1::Version version) {
  v1::Version change = version;
  change.clear_tags();
  for (const std::string& tag : request.tags()) {
    if (HasTag(version, tag)) continue;
    RETURN_IF_ERROR(CheckTagMayBecome(request.repository(), tag, version.name(), true));
    change.add_tags(tag);
  }
  if (change.tags().empty()) return version;
  *change.mutable_create_time() = Now();
  ASSIGN_OR_RETURN(const ResourceName name, ParseResourceName(version.name()));
  RETURN_IF_ERROR(metadata_->PutVersion(name.repository, name.version, change));
  return metadata_->GetVersion(name.repository, name.version);
}

// A protected `latest` stays where it is, and publishing goes on.
absl::StatusOr<bool> Registry::LatestMayMove(const std::string& repository) {
  const absl::StatusOr<v1::Tag> latest = metadata_->GetTag(repository, kLatest);
  if (absl::IsNotFound(latest.status())) return true;
  RETURN_IF_ERROR(latest.status());
  return !latest->protected_();
}

absl::StatusOr<v1::ListVersionsResponse> Registry::ListVersions(
    const v1::ListVersionsRequest& request, const VisibleTo& visible_to) {
  ASSIGN_OR_RETURN(VersionQuery query, ToQuery(request));
  query.visible_to = visible_to;
  ASSIGN_OR_RETURN(const VersionPage page, metadata_->ListVersions(query));
  v1::ListVersionsResponse response;
  response.mutable_versions()->Add(page.versions.begin(), page.versions.end());
  if (page.more) {
    response.set_next_page_token(EncodePageToken(Selection(request), absl::StrCat(page.last)));
  }
  return response;
}

absl::Status Registry::DeleteVersion(const v1::DeleteVersionRequest& request) {
  ASSIGN_OR_RETURN(const ResourceName name, ParseResourceName(request.name()));
  if (name.version.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", request.name(), "' is not a version; give \"{repository}/versions/{version}\""));
  }
  ASSIGN_OR_RETURN(const auto change, BeginChange(name.repository));
  ASSIGN_OR_RETURN(const v1::Version version, metadata_->GetVersion(name.repository, name.version));
  RETURN_IF_ERROR(CheckNoProtectedTag(name.repository, version));
  for (const v1::File& file : version.files()) RETURN_IF_ERROR(Keep(file.digest()).status());
  return metadata_->DeleteVersion(name.repository, name.version);
}

absl::Status Registry::CheckNoProtectedTag(const std::string& repository,
                                           const v1::Version& version) {
  for (const std::string& name : version.tags()) {
    ASSIGN_OR_RETURN(const v1::Tag tag, metadata_->GetTag(repository, name));
    if (!tag.protected_()) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("the protected tag ", tag.name(), " points to ", version.name(),
                     "; take its protection away or move it first"));
  }
  return absl::OkStatus();
}

google::protobuf::Timestamp Registry::Now() const {
  const timespec now = absl::ToTimespec(clock_->Now());
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(now.tv_sec);
  timestamp.set_nanos(static_cast<int32_t>(now.tv_nsec));
  return timestamp;
}

}  // namespace ropewalk
