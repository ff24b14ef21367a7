#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/blob_store.h"
#include "services/registry/growing_file.h"

namespace ropewalk {

// Blobs as files below one folder:
//   blobs/sha256/ab/abcd...   whole blobs; a file's modification time is when it was touched
//   uploads/abcd...           what came of broken uploads, and uploads that run
//   quarantine/abcd...        blobs that the disk has damaged
// A blob is hashed while it comes, checked, synced, and then renamed into place, so a crash leaves
// nothing but uploads. Another process must not use the folder at the same time.
class FileBlobStore final : public BlobStore {
 public:
  // Makes the folders where they are missing. `clock` outlives the store.
  static absl::StatusOr<std::unique_ptr<FileBlobStore>> Open(
      const std::string& folder, const Clock* clock,
      OpenGrowingFile open_file = OpenGrowingFileOnDisk);

  absl::StatusOr<BlobInfo> Stat(const std::string& digest) const override;
  absl::Status Touch(const std::string& digest) override;
  absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& digest, int64_t offset,
                                                   int64_t length) const override;
  absl::StatusOr<int64_t> KeptBytes(const std::string& digest) const override;
  absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUpload(const std::string& digest,
                                                          int64_t size_bytes,
                                                          int64_t offset) override;
  absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUnnamedUpload(int64_t max_bytes) override;
  absl::StatusOr<std::vector<BlobInfo>> ListBlobs() const override;
  absl::StatusOr<std::vector<BlobInfo>> ListUploads() const override;
  absl::StatusOr<bool> Quarantine(const std::string& digest) override;
  absl::StatusOr<bool> DeleteBlobIfOlder(const std::string& digest, absl::Time cutoff) override;
  absl::StatusOr<bool> DeleteUploadIfOlder(const std::string& name, absl::Time cutoff) override;

 private:
  class Upload;

  FileBlobStore(std::string folder, const Clock* clock, OpenGrowingFile open_file)
      : folder_(std::move(folder)), clock_(clock), open_file_(std::move(open_file)) {}

  std::string BlobPath(const std::string& digest) const;
  std::string UploadPath(const std::string& name) const;
  absl::StatusOr<int64_t> KeptBytesLocked(const std::string& digest) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `wanted`, or one like it that no upload has that runs.
  std::string ClaimName(const std::string& wanted) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::unique_ptr<Upload>> Claim(const std::string& digest, int64_t size_bytes,
                                                int64_t offset);
  void Release(const std::string& name);
  absl::Status MoveIntoPlace(const std::string& name, const std::string& digest);
  // A blob whose folder could not be synced when it appeared, in this process or one before, is not
  // said to be there until that has been made good.
  absl::Status SyncOnce(const std::string& folder) const;
  absl::Status Move(const std::string& from, const std::string& to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string folder_;
  const Clock* const clock_;
  const OpenGrowingFile open_file_;
  // Held while a blob appears, is touched or goes, so that deleting sees the last touch.
  mutable Mutex mutex_;
  std::set<std::string> running_ ABSL_GUARDED_BY(mutex_);  // Names of uploads.
  mutable Mutex synced_mutex_;                             // Taken after mutex_.
  // Folders of blobs in which nothing has changed since they were synced.
  mutable std::set<std::string> synced_ ABSL_GUARDED_BY(synced_mutex_);
  int64_t moves_ ABSL_GUARDED_BY(synced_mutex_) = 0;
};

}  // namespace ropewalk
