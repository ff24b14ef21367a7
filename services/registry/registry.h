#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/common/clock.h"
#include "services/common/resource_name.h"
#include "services/common/safetensors_header.h"
#include "services/registry/blob_store.h"
#include "services/registry/commit.h"
#include "services/registry/metadata_store.h"
#include "services/registry/repository_listener.h"

namespace ropewalk {

// The registry's rules over its two stores; registry_service.proto says what each method does and
// how it fails. Thread-safe.
//
// Each change holds the metadata's write lock from looking to writing, so that rules hold when the
// write happens: a blob is not collected while a version that names it is made, a tag is not
// protected while it is moved.
//
// A blob that no version names is kept for the grace period after it was last touched: stored,
// found by FindMissingBlobs or QueryUpload, or let go by DeleteVersion. So the promise that what
// FindMissingBlobs found stays for an hour holds if the grace period is an hour or more.
class Registry {
 public:
  using VisibleTo = std::optional<std::vector<std::string>>;

  // From now on it is told of changes. Not owned; outlives the registry. Before any other call.
  void set_listener(RepositoryListener* listener) { listener_ = listener; }

  // The stores and the clock are not owned and outlive the registry.
  Registry(BlobStore* blobs, MetadataStore* metadata, const Clock* clock, absl::Duration grace)
      : blobs_(blobs), metadata_(metadata), clock_(clock), grace_(grace) {}

  absl::StatusOr<v1::FindMissingBlobsResponse> FindMissingBlobs(
      const v1::FindMissingBlobsRequest& request);
  absl::StatusOr<v1::QueryUploadResponse> QueryUpload(const v1::QueryUploadRequest& request);

  // Null: the blob is there already. Takes digest, size and offset from the first message.
  absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUpload(const v1::UploadBlobRequest& first);
  absl::StatusOr<std::unique_ptr<BlobReader>> ReadBlob(const v1::DownloadBlobRequest& request);

  absl::StatusOr<v1::Version> CreateVersion(const v1::CreateVersionRequest& request);
  absl::StatusOr<v1::Version> GetVersion(const v1::GetVersionRequest& request);
  // Lists hold only what is `visible_to` the owner of these namespaces, if that is set.
  absl::StatusOr<v1::ListVersionsResponse> ListVersions(const v1::ListVersionsRequest& request,
                                                        const VisibleTo& visible_to = {});
  absl::Status DeleteVersion(const v1::DeleteVersionRequest& request);
  absl::StatusOr<v1::ListRepositoriesResponse> ListRepositories(
      const v1::ListRepositoriesRequest& request, const VisibleTo& visible_to = {});
  absl::StatusOr<v1::Repository> SetVisibility(const v1::SetVisibilityRequest& request);

  // For the Hub's side.
  absl::Status CreateRepository(const std::string& name);
  // FAILED_PRECONDITION: it has a protected tag.
  absl::Status DeleteRepository(const std::string& name);
  // FAILED_PRECONDITION: it has an immutable tag.
  absl::Status MoveRepository(const std::string& from, const std::string& to);
  // A new tag, or a branch. ALREADY_EXISTS: there is a tag or branch of that name.
  absl::Status AddTag(const std::string& repository, const std::string& name,
                      const std::string& version, bool branch);
  // The version that the branch is at from now on, perhaps in adapters/ if the repository was in
  // models/ and has an adapter_config.json now.
  // ABORTED: the branch is not at `parent`. FAILED_PRECONDITION: it is no branch, or is protected;
  // or a blob is missing. INVALID_ARGUMENT: a path is not allowed, or no file would be left.
  absl::StatusOr<v1::Version> MakeCommit(const Commit& commit);
  absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUnnamedUpload(int64_t max_bytes);
  // Names and queries are well-formed.
  absl::StatusOr<v1::Repository> GetRepository(const std::string& name);
  absl::StatusOr<RepositoryPage> FindRepositories(const RepositoryQuery& query);
  // The version whose id begins with `prefix`.
  absl::StatusOr<v1::Version> FindVersion(const std::string& repository, const std::string& prefix);
  // A blob of at most 10 MiB.
  absl::StatusOr<std::string> ReadSmallBlob(const std::string& digest);
  // How git names a file; computed once for each digest.
  absl::StatusOr<std::string> GitOid(const v1::File& file);

  absl::StatusOr<v1::Tag> SetTag(const v1::SetTagRequest& request);
  absl::Status DeleteTag(const v1::DeleteTagRequest& request);

  absl::StatusOr<v1::CollectGarbageResponse> CollectGarbage(bool dry_run);

  struct Scrubbed {
    int64_t blobs = 0;
    std::vector<std::string> damaged;  // Digests; these are in quarantine now.
  };
  // Reads all blobs, and takes those out of sight whose bytes do not have their digest. `go_on` is
  // told of each piece how long it is, and ends the scrub by saying false.
  absl::StatusOr<Scrubbed> Scrub(const std::function<bool(int64_t bytes)>& go_on);

 private:
  class Change;

  // The write lock, to change a repository by.
  absl::StatusOr<std::unique_ptr<Change>> BeginChange(const std::string& repository);
  std::optional<v1::Repository> Look(const std::string& repository);

  absl::StatusOr<bool> Keep(const std::string& digest);
  absl::StatusOr<bool> CollectBlob(const BlobInfo& blob, absl::Time cutoff, bool dry_run);
  absl::Status ReadAgain(const std::string& digest, const std::function<bool(int64_t)>& go_on);
  absl::StatusOr<bool> CollectUpload(const BlobInfo& upload, absl::Time cutoff, bool dry_run);

  absl::StatusOr<v1::Version> Resolve(const ResourceName& name);
  absl::StatusOr<v1::Version> ResolveName(const std::string& name);
  absl::Status CheckBlobs(const v1::CreateVersionRequest& request);
  absl::StatusOr<std::vector<std::string>> FindLabels(const v1::Version& version);
  // Of an adapter: INVALID_ARGUMENT if PEFT could not load its files, or they do not fit the base.
  absl::Status CheckAdapter(const v1::CreateVersionRequest& request);
  absl::StatusOr<std::optional<v1::Version>> FindBase(const v1::CreateVersionRequest& request,
                                                      const nlohmann::json& config);
  absl::StatusOr<TensorsByName> ReadTensors(const v1::File& file);
  absl::StatusOr<TensorsByName> ReadBaseTensors(const v1::Version& base);
  absl::StatusOr<std::string> ReadStretch(const std::string& digest, int64_t offset,
                                          int64_t length);
  absl::StatusOr<v1::Lineage> CheckLineage(const v1::Lineage& lineage);
  absl::Status CheckTagMayBecome(const std::string& repository, const std::string& tag,
                                 const std::string& version, bool stays_protected,
                                 bool force = false);
  absl::StatusOr<bool> LatestMayMove(const std::string& repository);
  absl::Status CheckNoProtectedTag(const std::string& repository, const v1::Version& version);
  absl::StatusOr<v1::Version> AddVersion(const v1::CreateVersionRequest& request,
                                         const std::string& version, bool move_latest);
  absl::StatusOr<v1::Version> PutVersion(const v1::CreateVersionRequest& request, bool move_latest);
  absl::StatusOr<v1::Version> FindHead(const Commit& commit);
  absl::StatusOr<std::string> SettleKind(const Commit& commit, bool is_adapter);
  absl::StatusOr<v1::Version> AddTags(const v1::CreateVersionRequest& request, v1::Version version);
  google::protobuf::Timestamp Now() const;

  BlobStore* const blobs_;
  MetadataStore* const metadata_;
  const Clock* const clock_;
  const absl::Duration grace_;
  RepositoryListener* listener_ = nullptr;
};

}  // namespace ropewalk
