#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/blob_store.h"
#include "services/registry/s3/key_locks.h"
#include "services/registry/s3/s3_client.h"
#include "services/registry/s3/s3_options.h"

namespace ropewalk {

// Blobs in a bucket of any store that speaks S3:
//   PREFIX/blobs/abcd...    whole blobs
//   PREFIX/touched/abcd...  an empty object; its time of change is when the blob was touched
//   PREFIX/quarantine/abcd...  blobs that the store has damaged
// A blob was touched last when either of the first two was written. A copy onto itself would touch
// it too, but takes a store that copies as long as the blob is large, whenever a client asks what
// it need not send.
//
// An upload goes on to the store while it comes, in parts of 16 MiB that the store checks and shows
// nobody before the upload is completed, which happens only once size and digest are right. One of
// at most 16 MiB is one PUT. In memory is one part an upload; of a read, 1 MiB. A broken upload is
// aborted, so KeptBytes is 0; what a process that died has left is among ListUploads when nothing
// has come for a day. A blob without a name is spooled into a file here first.
//
// Several processes may use one prefix. Whether something is old is asked by the store's clock. But
// what one process touches while another, which found it old before, deletes it, is gone: so delete
// only what no version names, as the registry does under its metadata's lock.
//
// Errors are those of BlobStore and s3_error.h.
class S3BlobStore final : public BlobStore {
 public:
  // Looks whether the bucket can be listed. `clock` outlives the store.
  static absl::StatusOr<std::unique_ptr<S3BlobStore>> Open(const S3Options& options,
                                                           const Clock* clock = Clock::Real());

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
  class SpooledUpload;

  S3BlobStore(const S3Options& options, const Clock* clock)
      : options_(options), clock_(clock), client_(options, clock) {}

  absl::StatusOr<S3Object> HeadBlob(const std::string& digest) const;
  absl::StatusOr<bool> IsWhole(const std::string& digest, int64_t size_bytes) const;
  bool IsOlder(const S3Object& object, absl::Time cutoff) const;
  bool IsRunning(const std::string& name) const;
  void SetRunning(const std::string& name, bool running);

  const S3Options options_;
  const Clock* const clock_;
  const S3Client client_;
  // Of a blob, held while it appears, is touched or goes, so that deleting sees the last touch.
  KeyLocks digests_;
  mutable Mutex mutex_;
  std::set<std::string> running_ ABSL_GUARDED_BY(mutex_);  // Names of uploads.
};

}  // namespace ropewalk
