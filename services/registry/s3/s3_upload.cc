#include "services/registry/s3/s3_upload.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kPartBytes = 16 << 20;
constexpr int64_t kMaxParts = 10'000;
constexpr int64_t kSpoolPieceBytes = 1 << 20;

// 16 MiB, or what it takes to need no more parts than a store allows.
int64_t PartBytesFor(int64_t size_bytes) {
  return std::max(kPartBytes, (size_bytes + kMaxParts - 1) / kMaxParts);
}

absl::Status TooManyBytes(int64_t size_bytes) {
  return absl::InvalidArgumentError(
      absl::StrCat("more data came than the ", size_bytes, " bytes announced"));
}

absl::Status Dropped(const std::string& digest) {
  return absl::AbortedError(absl::StrCat("the store has dropped the upload of ", digest,
                                         "; send it again from the beginning"));
}

}  // namespace

std::string BlobKey(const std::string& digest) { return absl::StrCat("blobs/", digest); }
std::string TouchKey(const std::string& digest) { return absl::StrCat("touched/", digest); }
std::string UploadName(const std::string& digest, const std::string& upload_id) {
  return absl::StrCat(digest, ":", upload_id);
}

S3BlobStore::Upload::Upload(S3BlobStore* store, std::string digest, int64_t size_bytes)
    : store_(store),
      digest_(std::move(digest)),
      size_bytes_(size_bytes),
      part_bytes_(PartBytesFor(size_bytes)) {}

S3BlobStore::Upload::~Upload() {
  if (upload_id_.empty()) return;
  const absl::Status status = store_->client_.AbortUpload(BlobKey(digest_), upload_id_);
  if (!status.ok()) {
    LogWarning("a broken upload stays in the S3 store until it is collected",
               {{"digest", digest_}, {"error", status.ToString()}});
  }
  store_->SetRunning(UploadName(digest_, upload_id_), false);
}

absl::Status S3BlobStore::Upload::Append(absl::string_view bytes) {
  RETURN_IF_ERROR(failed_);
  const int64_t sum = committed_bytes_ + static_cast<int64_t>(bytes.size());
  failed_ = sum > size_bytes_ ? TooManyBytes(size_bytes_) : Take(bytes);
  RETURN_IF_ERROR(failed_);
  committed_bytes_ = sum;
  return absl::OkStatus();
}

absl::Status S3BlobStore::Upload::Take(absl::string_view bytes) {
  hash_.Update(bytes);
  while (!bytes.empty()) {
    const size_t fits = std::min<size_t>(bytes.size(), part_bytes_ - part_.size());
    part_.append(bytes.data(), fits);
    bytes.remove_prefix(fits);
    const bool full = static_cast<int64_t>(part_.size()) == part_bytes_;
    if (full && size_bytes_ > part_bytes_) RETURN_IF_ERROR(SendPart());
  }
  return absl::OkStatus();
}

absl::Status S3BlobStore::Upload::SendPart() {
  const std::string key = BlobKey(digest_);
  if (upload_id_.empty()) {
    ASSIGN_OR_RETURN(upload_id_, store_->client_.BeginUpload(key));
    store_->SetRunning(UploadName(digest_, upload_id_), true);
  }
  const std::string sha256 = Sha256Hex(part_);
  absl::StatusOr<std::string> etag =
      store_->client_.UploadPart(key, upload_id_, static_cast<int>(etags_.size()) + 1,
                                 std::exchange(part_, std::string()), sha256);
  if (absl::IsNotFound(etag.status())) return Dropped(digest_);
  RETURN_IF_ERROR(etag.status());
  etags_.push_back(*std::move(etag));
  return absl::OkStatus();
}

absl::Status S3BlobStore::Upload::Finish() {
  RETURN_IF_ERROR(failed_);
  if (committed_bytes_ < size_bytes_) {
    return failed_ = absl::AbortedError(absl::StrCat("the upload ended after ", committed_bytes_,
                                                     " of ", size_bytes_,
                                                     " bytes; send it again from the beginning"));
  }
  failed_ = absl::AbortedError("the upload is finished");
  const std::string found = hash_.HexDigest();
  if (found == digest_) return Publish();
  return absl::DataLossError(absl::StrCat("the bytes uploaded have the digest ", found, ", not ",
                                          digest_, "; upload them afresh"));
}

absl::Status S3BlobStore::Upload::Publish() {
  const bool in_parts = !upload_id_.empty();
  if (in_parts && !part_.empty()) RETURN_IF_ERROR(SendPart());
  const KeyLocks::Lock lock(&store_->digests_, digest_);
  if (!in_parts) {
    return store_->client_.Put(BlobKey(digest_), std::exchange(part_, std::string()), digest_);
  }
  // A store may take for a blob's time when its upload began, which can be long ago.
  RETURN_IF_ERROR(store_->client_.Put(TouchKey(digest_), "", Sha256Hex("")));
  return Complete();
}

absl::Status S3BlobStore::Upload::Complete() {
  const std::string key = BlobKey(digest_);
  const absl::Status status = store_->client_.CompleteUpload(key, upload_id_, etags_);
  if (!status.ok() && !absl::IsNotFound(status)) return status;
  store_->SetRunning(UploadName(digest_, std::exchange(upload_id_, std::string())), false);
  if (status.ok()) return status;
  // An answer may have been lost, and the request sent again.
  const absl::StatusOr<S3Object> object = store_->client_.Head(key);
  if (object.ok() && object->size_bytes == size_bytes_) return absl::OkStatus();
  return Dropped(digest_);
}

S3BlobStore::SpooledUpload::SpooledUpload(S3BlobStore* store, int64_t max_bytes, OutputFile file,
                                          std::shared_ptr<const InputFile> spooled)
    : store_(store), max_bytes_(max_bytes), file_(std::move(file)), spooled_(std::move(spooled)) {}

absl::Status S3BlobStore::SpooledUpload::Append(absl::string_view bytes) {
  RETURN_IF_ERROR(failed_);
  const int64_t sum = committed_bytes_ + static_cast<int64_t>(bytes.size());
  failed_ = sum > max_bytes_ ? TooManyBytes(max_bytes_) : file_.Append(bytes);
  RETURN_IF_ERROR(failed_);
  hash_.Update(bytes);
  committed_bytes_ = sum;
  return absl::OkStatus();
}

absl::Status S3BlobStore::SpooledUpload::Finish() {
  RETURN_IF_ERROR(failed_);
  failed_ = absl::AbortedError("the upload is finished");
  const std::string digest = hash_.HexDigest();
  absl::Status status = store_->Touch(digest);
  if (absl::IsNotFound(status)) status = SendOn(digest);
  RETURN_IF_ERROR(status);
  digest_ = digest;
  return absl::OkStatus();
}

absl::Status S3BlobStore::SpooledUpload::SendOn(const std::string& digest) {
  Upload upload(store_, digest, committed_bytes_);
  while (upload.committed_bytes() < committed_bytes_) {
    ASSIGN_OR_RETURN(const std::string piece,
                     spooled_->Read(upload.committed_bytes(), kSpoolPieceBytes));
    if (piece.empty()) return absl::DataLossError("the disk lost bytes of a spooled blob");
    RETURN_IF_ERROR(upload.Append(piece));
  }
  return upload.Finish();
}

}  // namespace ropewalk
