#include "services/registry/s3/s3_blob_store.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_blob_reader.h"
#include "services/registry/s3/s3_upload.h"

namespace ropewalk {
namespace {

// Ages are differences of whole seconds.
constexpr absl::Duration kClockGrain = absl::Seconds(1);

absl::Status NoBlob(const std::string& digest) {
  return absl::NotFoundError(absl::StrCat("there is no blob ", digest));
}

// Empty: the key is not a blob's.
std::string DigestOf(absl::string_view key, absl::string_view folder) {
  const bool inside = absl::ConsumePrefix(&key, folder);
  return inside && IsSha256Hex(key) ? std::string(key) : "";
}

std::string NewSpoolPath(const std::string& folder) {
  static std::atomic<int> counter = 0;
  return absl::StrCat(folder, "/ropewalk-spool-", getpid(), "-", counter++);
}

}  // namespace

absl::StatusOr<std::unique_ptr<S3BlobStore>> S3BlobStore::Open(const S3Options& options,
                                                               const Clock* clock) {
  RETURN_IF_ERROR(MakeFolders(options.spool_folder));
  std::unique_ptr<S3BlobStore> store(new S3BlobStore(options, clock));
  RETURN_IF_ERROR(store->client_.CheckBucket());
  return store;
}

absl::StatusOr<S3Object> S3BlobStore::HeadBlob(const std::string& digest) const {
  absl::StatusOr<S3Object> object = client_.Head(BlobKey(digest));
  if (absl::IsNotFound(object.status())) return NoBlob(digest);
  return object;
}

absl::StatusOr<BlobInfo> S3BlobStore::Stat(const std::string& digest) const {
  ASSIGN_OR_RETURN(const S3Object blob, HeadBlob(digest));
  BlobInfo info = {digest, blob.size_bytes, blob.modified};
  const absl::StatusOr<S3Object> touch = client_.Head(TouchKey(digest));
  if (absl::IsNotFound(touch.status())) return info;
  RETURN_IF_ERROR(touch.status());
  info.touched = std::max(info.touched, touch->modified);
  return info;
}

absl::Status S3BlobStore::Touch(const std::string& digest) {
  const KeyLocks::Lock lock(&digests_, digest);
  RETURN_IF_ERROR(HeadBlob(digest).status());
  return client_.Put(TouchKey(digest), "", Sha256Hex(""));
}

absl::StatusOr<std::unique_ptr<BlobReader>> S3BlobStore::Read(const std::string& digest,
                                                              int64_t offset,
                                                              int64_t length) const {
  ASSIGN_OR_RETURN(const S3Object blob, HeadBlob(digest));
  if (offset < 0 || offset > blob.size_bytes || length < 0) {
    return absl::OutOfRangeError(absl::StrCat("offset ", offset, ", length ", length,
                                              " is outside of blob ", digest, " of ",
                                              blob.size_bytes, " bytes"));
  }
  const int64_t rest = blob.size_bytes - offset;
  const int64_t bytes = length == 0 ? rest : std::min(length, rest);
  return std::make_unique<S3BlobReader>(&client_, BlobKey(digest), offset, bytes,
                                        bytes == blob.size_bytes ? digest : "");
}

absl::StatusOr<int64_t> S3BlobStore::KeptBytes(const std::string& digest) const { return 0; }

absl::StatusOr<std::unique_ptr<BlobUpload>> S3BlobStore::BeginUpload(const std::string& digest,
                                                                     int64_t size_bytes,
                                                                     int64_t offset) {
  if (offset != 0) {
    return absl::OutOfRangeError(
        absl::StrCat("an upload of ", digest, " can begin at 0, not at ", offset));
  }
  return std::make_unique<Upload>(this, digest, size_bytes);
}

absl::StatusOr<std::unique_ptr<BlobUpload>> S3BlobStore::BeginUnnamedUpload(int64_t max_bytes) {
  const std::string path = NewSpoolPath(options_.spool_folder);
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(path));
  absl::StatusOr<std::shared_ptr<const InputFile>> spooled = InputFile::Open(path);
  // The bytes stay while the file is open, and no longer, whatever happens to this process.
  unlink(path.c_str());
  RETURN_IF_ERROR(spooled.status());
  return std::make_unique<SpooledUpload>(this, max_bytes, std::move(file), *std::move(spooled));
}

absl::StatusOr<std::vector<BlobInfo>> S3BlobStore::ListBlobs() const {
  ASSIGN_OR_RETURN(const std::vector<S3Object> blobs, client_.List("blobs/"));
  ASSIGN_OR_RETURN(const std::vector<S3Object> touches, client_.List("touched/"));
  std::map<std::string, absl::Time> touched;
  for (const S3Object& touch : touches) touched[DigestOf(touch.key, "touched/")] = touch.modified;
  std::vector<BlobInfo> infos;
  for (const S3Object& blob : blobs) {
    const std::string digest = DigestOf(blob.key, "blobs/");
    if (digest.empty()) continue;
    const auto touch = touched.find(digest);
    const absl::Time time = touch == touched.end() ? blob.modified : touch->second;
    infos.push_back({digest, blob.size_bytes, std::max(blob.modified, time)});
  }
  return infos;
}

absl::StatusOr<std::vector<BlobInfo>> S3BlobStore::ListUploads() const {
  ASSIGN_OR_RETURN(const std::vector<S3Upload> uploads, client_.ListUploads("blobs/"));
  std::vector<BlobInfo> broken;
  for (const S3Upload& upload : uploads) {
    const std::string digest = DigestOf(upload.key, "blobs/");
    const std::string name = UploadName(digest, upload.id);
    const S3Object& progress = upload.progress;
    if (digest.empty() || IsRunning(name) || progress.age < options_.abandoned_after) continue;
    broken.push_back({name, progress.size_bytes, progress.modified});
  }
  return broken;
}

absl::StatusOr<bool> S3BlobStore::IsWhole(const std::string& digest, int64_t size_bytes) const {
  S3BlobReader reader(&client_, BlobKey(digest), 0, size_bytes, digest);
  while (true) {
    const absl::StatusOr<std::string> piece = reader.Next();
    if (absl::IsDataLoss(piece.status())) return false;
    if (absl::IsNotFound(piece.status())) return NoBlob(digest);
    RETURN_IF_ERROR(piece.status());
    if (piece->empty()) return true;
  }
}

absl::StatusOr<bool> S3BlobStore::Quarantine(const std::string& digest) {
  ASSIGN_OR_RETURN(const S3Object read, HeadBlob(digest));
  ASSIGN_OR_RETURN(const bool whole, IsWhole(digest, read.size_bytes));
  if (whole) return false;
  const KeyLocks::Lock lock(&digests_, digest);
  ASSIGN_OR_RETURN(const S3Object now, HeadBlob(digest));
  // Whoever has uploaded the blob meanwhile must not lose it.
  if (now.modified != read.modified) return false;
  RETURN_IF_ERROR(client_.Copy(now, absl::StrCat("quarantine/", digest)));
  RETURN_IF_ERROR(client_.Delete(BlobKey(digest)));
  return true;
}

// By the store's clock, so that it need not agree with this one.
bool S3BlobStore::IsOlder(const S3Object& object, absl::Time cutoff) const {
  return object.age - kClockGrain >= clock_->Now() - cutoff;
}

absl::StatusOr<bool> S3BlobStore::DeleteBlobIfOlder(const std::string& digest, absl::Time cutoff) {
  const KeyLocks::Lock lock(&digests_, digest);
  const absl::StatusOr<S3Object> blob = client_.Head(BlobKey(digest));
  if (absl::IsNotFound(blob.status())) return false;
  RETURN_IF_ERROR(blob.status());
  if (!IsOlder(*blob, cutoff)) return false;
  const absl::StatusOr<S3Object> touch = client_.Head(TouchKey(digest));
  if (touch.ok() && !IsOlder(*touch, cutoff)) return false;
  if (!absl::IsNotFound(touch.status())) RETURN_IF_ERROR(touch.status());
  RETURN_IF_ERROR(client_.Delete(BlobKey(digest)));
  RETURN_IF_ERROR(client_.Delete(TouchKey(digest)));
  return true;
}

absl::StatusOr<bool> S3BlobStore::DeleteUploadIfOlder(const std::string& name, absl::Time cutoff) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits(':', 1));
  const std::string key = BlobKey(parts.first);
  if (IsRunning(name)) return false;
  ASSIGN_OR_RETURN(const std::vector<S3Upload> uploads, client_.ListUploads(key));
  for (const S3Upload& upload : uploads) {
    if (upload.key != key || upload.id != parts.second) continue;
    if (!IsOlder(upload.progress, cutoff)) return false;
    RETURN_IF_ERROR(client_.AbortUpload(key, upload.id));
    return true;
  }
  return false;
}

bool S3BlobStore::IsRunning(const std::string& name) const {
  MutexLock lock(&mutex_);
  return running_.count(name) > 0;
}

void S3BlobStore::SetRunning(const std::string& name, bool running) {
  MutexLock lock(&mutex_);
  if (running) {
    running_.insert(name);
  } else {
    running_.erase(name);
  }
}

}  // namespace ropewalk
