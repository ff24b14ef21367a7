#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/input_file.h"

namespace ropewalk {

// What a store knows of a blob, or of a broken upload.
struct BlobInfo {
  std::string name;  // A blob's digest; an upload's own name.
  int64_t size_bytes = 0;
  absl::Time touched;  // When it was stored, or last touched.
};

// A blob on its way in. Destroyed before Finish, what came is kept, to go on with later. Not
// thread-safe.
class BlobUpload {
 public:
  virtual ~BlobUpload() = default;

  // Bytes received so far, those of earlier attempts included.
  virtual int64_t committed_bytes() const = 0;

  // The blob's; of one whose digest was not given, empty until Finish has succeeded.
  virtual const std::string& digest() const = 0;

  // INVALID_ARGUMENT: there would be more bytes than announced. RESOURCE_EXHAUSTED: the disk is
  // full. After an error the upload takes nothing more; begin another to go on.
  virtual absl::Status Append(absl::string_view bytes) = 0;

  // Checks the digest and makes the blob visible, safe from a power cut.
  // ABORTED: bytes are missing; they can still be sent by another upload. DATA_LOSS: the digest is
  // another; what came is dropped.
  virtual absl::Status Finish() = 0;
};

// A blob on its way out. Not thread-safe.
class BlobReader {
 public:
  virtual ~BlobReader() = default;

  // The next piece, at most 1 MiB; empty at the end.
  // DATA_LOSS: the disk cannot read it; or, at the end of a whole blob, it has another digest.
  virtual absl::StatusOr<std::string> Next() = 0;

  // Where the bytes lie, if that is a file here: they can be sent from there, without their digest
  // being checked.
  virtual std::optional<FileStretch> file() const = 0;
};

// Keeps blobs under their SHA-256, all or nothing. Digests given are well-formed. Thread-safe.
class BlobStore {
 public:
  virtual ~BlobStore() = default;

  // NOT_FOUND: there is no such blob.
  virtual absl::StatusOr<BlobInfo> Stat(const std::string& digest) const = 0;

  // Sets the blob's time to now. NOT_FOUND: there is no such blob.
  virtual absl::Status Touch(const std::string& digest) = 0;

  // `length` 0 means to the end. NOT_FOUND: there is no such blob. OUT_OF_RANGE: `offset` is
  // negative or past its end, or `length` is negative.
  virtual absl::StatusOr<std::unique_ptr<BlobReader>> Read(const std::string& digest,
                                                           int64_t offset,
                                                           int64_t length) const = 0;

  // Bytes kept of a broken upload; 0 while another goes on with it.
  virtual absl::StatusOr<int64_t> KeptBytes(const std::string& digest) const = 0;

  // Goes on at `offset`, or begins afresh at 0. Several uploads of one blob may run; each is whole
  // by itself, but only one of them is kept when broken.
  // OUT_OF_RANGE: `offset` is not what KeptBytes says.
  virtual absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUpload(const std::string& digest,
                                                                  int64_t size_bytes,
                                                                  int64_t offset) = 0;

  // Of a blob whose digest is not known before it has come, of at most `max_bytes`. When broken, it
  // is not kept.
  virtual absl::StatusOr<std::unique_ptr<BlobUpload>> BeginUnnamedUpload(int64_t max_bytes) = 0;

  virtual absl::StatusOr<std::vector<BlobInfo>> ListBlobs() const = 0;

  // Broken uploads; not those that run.
  virtual absl::StatusOr<std::vector<BlobInfo>> ListUploads() const = 0;

  // Takes a blob out of sight whose bytes do not have its digest any more, and keeps them aside for
  // who wants to look; the same blob can be uploaded again. Whether it did: one that is whole
  // stays. NOT_FOUND: there is no such blob.
  virtual absl::StatusOr<bool> Quarantine(const std::string& digest) = 0;

  // Deletes what was not touched after `cutoff`; whether it did.
  virtual absl::StatusOr<bool> DeleteBlobIfOlder(const std::string& digest, absl::Time cutoff) = 0;
  virtual absl::StatusOr<bool> DeleteUploadIfOlder(const std::string& name, absl::Time cutoff) = 0;
};

}  // namespace ropewalk
