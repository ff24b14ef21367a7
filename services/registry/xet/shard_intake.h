#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/registry/blob_store.h"
#include "services/registry/xet/shard.h"
#include "services/registry/xet/xet_store.h"

namespace ropewalk {

// Where a file's bytes go.
class FileSink {
 public:
  virtual ~FileSink() = default;
  virtual absl::Status Append(absl::string_view bytes) = 0;
  // DATA_LOSS: the bytes have another digest.
  virtual absl::Status Finish() = 0;
};

// Makes blobs of a shard's files, bit by bit, with a few MiB of memory. A file's bytes are checked
// against its SHA-256, also when there is a blob already; only then the store is told where the
// chunks lie. Not thread-safe.
class ShardIntake {
 public:
  // Neither `store` nor `blobs` is owned; both outlive this.
  ShardIntake(Shard shard, XetStore* store, BlobStore* blobs);

  // Goes on until about `work` bytes are done, short pieces counting as more; true when all is.
  // INVALID_ARGUMENT: a file has no SHA-256 or another one, or is made of chunks that are not here.
  // Another error: the disk's. Nothing goes on after an error.
  absl::StatusOr<bool> Step(int64_t work);

  int64_t total_work() const { return total_work_; }
  int64_t done_work() const { return done_work_; }

 private:
  absl::Status StepOnce();
  absl::Status BeginFile();
  absl::Status BeginTerm();
  absl::Status EndTerm();
  absl::Status EndFile();
  absl::Status AddPlaces();
  absl::Status Explain(const absl::Status& status);

  const ShardFile& file() const { return shard_.files[file_]; }
  const ShardTerm& term() const { return file().terms[term_]; }

  const Shard shard_;
  XetStore* const store_;
  BlobStore* const blobs_;
  int64_t total_work_ = 0;
  int64_t done_work_ = 0;

  size_t file_ = 0;
  std::unique_ptr<FileSink> sink_;  // Null between files.
  size_t term_ = 0;
  std::unique_ptr<ChunkReader> reader_;  // Null between terms.
};

}  // namespace ropewalk
