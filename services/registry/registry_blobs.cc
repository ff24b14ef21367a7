
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/registry.h"

// Registry: blobs and their collection.

namespace ropewalk {
namespace {

constexpr int kMaxDigests = 10'000;

absl::Status ValidateDigest(const std::string& digest) {
  if (IsSha256Hex(digest)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", absl::CHexEscape(digest),
                   "' is not a digest; give a SHA-256 as 64 hex digits in lower case"));
}

}  // namespace

// Whether the blob is there; if so, its grace period begins again.
absl::StatusOr<bool> Registry::Keep(const std::string& digest) {
  const absl::Status status = blobs_->Touch(digest);
  if (absl::IsNotFound(status)) return false;
  RETURN_IF_ERROR(status);
  return true;
}

absl::StatusOr<v1::FindMissingBlobsResponse> Registry::FindMissingBlobs(
    const v1::FindMissingBlobsRequest& request) {
  if (request.digests_size() > kMaxDigests) {
    return absl::InvalidArgumentError(absl::StrCat(request.digests_size(), " digests; at most ",
                                                   kMaxDigests, " can be asked for at once"));
  }
  for (const std::string& digest : request.digests()) RETURN_IF_ERROR(ValidateDigest(digest));
  v1::FindMissingBlobsResponse response;
  for (const std::string& digest : request.digests()) {
    ASSIGN_OR_RETURN(const bool kept, Keep(digest));
    if (!kept) response.add_missing_digests(digest);
  }
  return response;
}

absl::StatusOr<v1::QueryUploadResponse> Registry::QueryUpload(
    const v1::QueryUploadRequest& request) {
  RETURN_IF_ERROR(ValidateDigest(request.digest()));
  v1::QueryUploadResponse response;
  ASSIGN_OR_RETURN(const bool complete, Keep(request.digest()));
  response.set_complete(complete);
  if (complete) {
    ASSIGN_OR_RETURN(const BlobInfo blob, blobs_->Stat(request.digest()));
    response.set_committed_bytes(blob.size_bytes);
  } else {
    ASSIGN_OR_RETURN(const int64_t kept, blobs_->KeptBytes(request.digest()));
    response.set_committed_bytes(kept);
  }
  return response;
}

absl::StatusOr<std::unique_ptr<BlobUpload>> Registry::BeginUpload(
    const v1::UploadBlobRequest& first) {
  RETURN_IF_ERROR(ValidateDigest(first.digest()));
  if (first.size_bytes() < 0 || first.offset() < 0) {
    return absl::InvalidArgumentError(absl::StrCat("size_bytes ", first.size_bytes(),
                                                   " and offset ", first.offset(),
                                                   " must not be negative"));
  }
  ASSIGN_OR_RETURN(const bool complete, Keep(first.digest()));
  if (complete) return nullptr;
  return blobs_->BeginUpload(first.digest(), first.size_bytes(), first.offset());
}

absl::StatusOr<std::unique_ptr<BlobReader>> Registry::ReadBlob(
    const v1::DownloadBlobRequest& request) {
  RETURN_IF_ERROR(ValidateDigest(request.digest()));
  return blobs_->Read(request.digest(), request.offset(), request.length());
}

absl::StatusOr<bool> Registry::CollectBlob(const BlobInfo& blob, absl::Time cutoff, bool dry_run) {
  if (blob.touched > cutoff) return false;
  ASSIGN_OR_RETURN(const auto lock, metadata_->LockForWriting());
  ASSIGN_OR_RETURN(const bool referenced, metadata_->IsReferenced(blob.name));
  if (referenced || dry_run) return !referenced;
  return blobs_->DeleteBlobIfOlder(blob.name, cutoff);
}

absl::StatusOr<bool> Registry::CollectUpload(const BlobInfo& upload, absl::Time cutoff,
                                             bool dry_run) {
  if (upload.touched > cutoff || dry_run) return upload.touched <= cutoff;
  return blobs_->DeleteUploadIfOlder(upload.name, cutoff);
}

absl::StatusOr<v1::CollectGarbageResponse> Registry::CollectGarbage(bool dry_run) {
  const absl::Time cutoff = clock_->Now() - grace_;
  v1::CollectGarbageResponse response;
  ASSIGN_OR_RETURN(const std::vector<BlobInfo> blobs, blobs_->ListBlobs());
  for (const BlobInfo& blob : blobs) {
    ASSIGN_OR_RETURN(const bool collected, CollectBlob(blob, cutoff, dry_run));
    if (!collected) continue;
    response.set_deleted_blobs(response.deleted_blobs() + 1);
    response.set_freed_bytes(response.freed_bytes() + blob.size_bytes);
  }
  ASSIGN_OR_RETURN(const std::vector<BlobInfo> uploads, blobs_->ListUploads());
  for (const BlobInfo& upload : uploads) {
    ASSIGN_OR_RETURN(const bool collected, CollectUpload(upload, cutoff, dry_run));
    if (!collected) continue;
    response.set_abandoned_uploads(response.abandoned_uploads() + 1);
    response.set_freed_bytes(response.freed_bytes() + upload.size_bytes);
  }
  return response;
}

// CANCELLED: `go_on` says no.
absl::Status Registry::ReadAgain(const std::string& digest,
                                 const std::function<bool(int64_t)>& go_on) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, blobs_->Read(digest, 0, 0));
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    if (piece.empty()) return absl::OkStatus();
    if (!go_on(piece.size())) return absl::CancelledError("the scrub was ended");
  }
}

absl::StatusOr<Registry::Scrubbed> Registry::Scrub(const std::function<bool(int64_t)>& go_on) {
  Scrubbed scrubbed;
  ASSIGN_OR_RETURN(const std::vector<BlobInfo> blobs, blobs_->ListBlobs());
  for (const BlobInfo& blob : blobs) {
    const absl::Status status = ReadAgain(blob.name, go_on);
    if (absl::IsCancelled(status)) return scrubbed;
    if (absl::IsNotFound(status)) continue;  // It was collected.
    if (!status.ok() && !absl::IsDataLoss(status)) return status;
    ++scrubbed.blobs;
    if (status.ok()) continue;
    const absl::StatusOr<bool> damaged = blobs_->Quarantine(blob.name);
    if (absl::IsNotFound(damaged.status())) continue;
    RETURN_IF_ERROR(damaged.status());
    if (*damaged) scrubbed.damaged.push_back(blob.name);
  }
  return scrubbed;
}

}  // namespace ropewalk
