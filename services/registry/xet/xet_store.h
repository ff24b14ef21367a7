#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/blob_store.h"
#include "services/registry/xet/chunk_reader.h"
#include "services/registry/xet/xorb_folder.h"
#include "services/registry/xet/xorb_notes.h"
#include "services/registry/xet/xorb_places.h"

namespace ropewalk {

struct XetStoreOptions {
  // Made if it is not there.
  std::string folder;
  // Of xorbs that wait for their files; a client that sends more gets an error. What one upload
  // sends must fit: an upload's files are made after all of its xorbs have come.
  int64_t max_bytes = int64_t{256} << 30;
  // How long a xorb waits after it was last used.
  absl::Duration grace = absl::Hours(24);
};

// Finds the chunks that clients have sent, or say that they have.
//
// A xorb comes in as a file. When the files made of it are blobs, a note says where in the blobs
// its chunks lie, and the xorb itself goes: its bytes are not kept twice. So clients may go on to
// name its chunks, as long as the blobs are there.
//
//   xorbs/, incoming/   see XorbFolder
//   places/              see XorbNotes; a note goes when it was not used for 30 days
//   generation          see below
//
// Clients remember for three weeks what they have sent to an address, and name it instead of
// sending it again (xet-core, MDB_SHARD_LOCAL_CACHE_EXPIRATION). The generation is to be a part of
// that address: a new one begins when something is gone that clients may count on, and they send
// everything again. An upload on its way at that time may fail; the next does not.
//
// Another process must not use the folder at the same time. Thread-safe.
class XetStore {
 public:
  // Neither `blobs` nor `clock` is owned; both outlive this.
  static absl::StatusOr<std::unique_ptr<XetStore>> Open(const XetStoreOptions& options,
                                                        BlobStore* blobs, const Clock* clock);

  // 16 hex digits.
  std::string generation() const;

  // Whether all chunks of the xorb are here. If so, they stay for a while.
  absl::StatusOr<bool> Has(const XetHash& xorb);

  // Outlived by this.
  absl::StatusOr<std::unique_ptr<XorbUpload>> BeginUpload(const XetHash& xorb);

  // Chunks [begin, end). INVALID_ARGUMENT: they are not here, or the xorb does not have as many.
  absl::StatusOr<std::unique_ptr<ChunkReader>> Read(const XetHash& xorb, uint32_t begin,
                                                    uint32_t end);

  // Notes that these chunks of the xorb lie in a blob, too; the caller knows it.
  absl::Status AddPlaces(const XetHash& xorb, const std::vector<ChunkPlace>& places);

  // Drops the xorb if its file is damaged.
  absl::Status Recheck(const XetHash& xorb);

  // Drops what has waited for too long, and notes about blobs that are gone; how many xorbs. To be
  // called after blobs are collected.
  absl::StatusOr<int> Collect();

  // Of xorbs that wait for their files.
  int64_t waiting_bytes() const { return xorbs_->total_bytes(); }

 private:
  XetStore(const XetStoreOptions& options, std::unique_ptr<XorbFolder> xorbs, BlobStore* blobs,
           const Clock* clock)
      : options_(options),
        xorbs_(std::move(xorbs)),
        blobs_(blobs),
        clock_(clock),
        notes_(NotesFolder(options), blobs, clock) {}

  static std::string NotesFolder(const XetStoreOptions& options) {
    return options.folder + "/places";
  }

  absl::Status LoadGeneration();
  absl::Status BeginGeneration();
  absl::StatusOr<std::vector<uint32_t>> ReadEnds(const XetHash& xorb);
  absl::StatusOr<XorbFile> FindXorb(const XetHash& xorb);

  const XetStoreOptions options_;
  const std::unique_ptr<XorbFolder> xorbs_;
  BlobStore* const blobs_;
  const Clock* const clock_;
  XorbNotes notes_;
  mutable Mutex mutex_;
  std::string generation_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
