#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"
#include "services/registry/model_card.h"
#include "services/registry/page_size.h"
#include "services/registry/page_token.h"
#include "services/registry/registry_change.h"

// Registry: repositories, and what is known of their files.

namespace ropewalk {
namespace {

constexpr int64_t kMaxSmallBlobBytes = 10 << 20;
constexpr int64_t kMaxCardBytes = 1 << 20;

}  // namespace

absl::StatusOr<v1::ListRepositoriesResponse> Registry::ListRepositories(
    const v1::ListRepositoriesRequest& request, const VisibleTo& visible_to) {
  RepositoryQuery query;
  query.visible_to = visible_to;
  if (!request.kind().empty()) {
    RETURN_IF_ERROR(ValidateKind(request.kind()));
    query.kinds = {request.kind()};
  }
  const std::string selection = absl::StrCat("repositories:", request.kind());
  ASSIGN_OR_RETURN(*query.after.mutable_name(), DecodePageToken(selection, request.page_token()));
  ASSIGN_OR_RETURN(query.limit, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const RepositoryPage page, metadata_->ListRepositories(query));
  v1::ListRepositoriesResponse response;
  response.mutable_repositories()->Add(page.repositories.begin(), page.repositories.end());
  if (page.more) {
    response.set_next_page_token(EncodePageToken(selection, page.repositories.back().name()));
  }
  return response;
}

absl::StatusOr<std::unique_ptr<Registry::Change>> Registry::BeginChange(
    const std::string& repository) {
  ASSIGN_OR_RETURN(std::unique_ptr<WriteLock> lock, metadata_->LockForWriting());
  return std::make_unique<Change>(this, std::move(lock), repository);
}

// Nothing, too, if the store fails: then nobody is told of the change.
std::optional<v1::Repository> Registry::Look(const std::string& repository) {
  absl::StatusOr<v1::Repository> found = metadata_->GetRepository(repository);
  if (!found.ok()) return std::nullopt;
  return *std::move(found);
}

absl::StatusOr<v1::Repository> Registry::SetVisibility(const v1::SetVisibilityRequest& request) {
  RETURN_IF_ERROR(ValidateRepositoryName(request.name()));
  const bool known = request.visibility() == v1::VISIBILITY_PRIVATE ||
                     request.visibility() == v1::VISIBILITY_PUBLIC;
  if (!known) return absl::InvalidArgumentError("visibility must be private or public");
  ASSIGN_OR_RETURN(const auto change, BeginChange(request.name()));
  RETURN_IF_ERROR(metadata_->SetVisibility(request.name(), request.visibility()));
  return metadata_->GetRepository(request.name());
}

absl::StatusOr<v1::Repository> Registry::GetRepository(const std::string& name) {
  return metadata_->GetRepository(name);
}

absl::StatusOr<RepositoryPage> Registry::FindRepositories(const RepositoryQuery& query) {
  return metadata_->ListRepositories(query);
}

absl::StatusOr<v1::Version> Registry::FindVersion(const std::string& repository,
                                                  const std::string& prefix) {
  return metadata_->FindVersion(repository, prefix);
}

absl::StatusOr<std::string> Registry::ReadSmallBlob(const std::string& digest) {
  ASSIGN_OR_RETURN(const BlobInfo info, blobs_->Stat(digest));
  if (info.size_bytes > kMaxSmallBlobBytes) {
    return absl::OutOfRangeError(absl::StrCat("the blob ", digest, " has ", info.size_bytes,
                                              " bytes; at most ", kMaxSmallBlobBytes,
                                              " are read at once"));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, blobs_->Read(digest, 0, 0));
  std::string bytes;
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    if (piece.empty()) return bytes;
    absl::StrAppend(&bytes, piece);
  }
}

absl::StatusOr<std::string> Registry::GitOid(const v1::File& file) {
  ASSIGN_OR_RETURN(std::string oid, metadata_->GetGitOid(file.digest()));
  if (!oid.empty()) return oid;
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, blobs_->Read(file.digest(), 0, 0));
  GitHash hash("blob", file.size_bytes());
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    if (piece.empty()) break;
    hash.Update(piece);
  }
  oid = hash.Oid();
  RETURN_IF_ERROR(metadata_->PutGitOid(file.digest(), oid));
  return oid;
}

// A card that cannot be understood labels nothing.
absl::StatusOr<std::vector<std::string>> Registry::FindLabels(const v1::Version& version) {
  nlohmann::json card;
  for (const v1::File& file : version.files()) {
    if (file.path() != "README.md" || file.size_bytes() > kMaxCardBytes) continue;
    ASSIGN_OR_RETURN(const std::string readme, ReadSmallBlob(file.digest()));
    card = ParseModelCard(readme);
  }
  return LabelsOf(version, card);
}

}  // namespace ropewalk
