#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/registry/blob_store.h"
#include "services/registry/xet/xet_hash.h"
#include "services/registry/xet/xorb_places.h"

namespace ropewalk {

// Notes of where the chunks of xorbs lie in blobs, a file each: ab/abcd... below one folder. A
// file's modification time is when the note was last used. Thread-safe.
class XorbNotes {
 public:
  // The folder must be there. `blobs` and `clock` are not owned and outlive this.
  XorbNotes(std::string folder, BlobStore* blobs, const Clock* clock)
      : folder_(std::move(folder)), blobs_(blobs), clock_(clock) {}

  // What is still there, of what is noted; nothing if there is no note. The blobs stay for their
  // grace period.
  absl::StatusOr<XorbPlaces> Load(const XetHash& xorb);

  // Notes these places unless others are known for the same chunks. `ends` as in XorbPlaces; if it
  // is empty, those of an earlier note are meant, and nothing happens if there is none. Whether all
  // chunks have a place then.
  absl::StatusOr<bool> Add(const XetHash& xorb, const std::vector<uint32_t>& ends,
                           const std::vector<ChunkPlace>& places);

  absl::Status Remove(const XetHash& xorb);

  // Removes notes that were not used after `cutoff`. Of the others, those that name blobs that are
  // gone, and without them not all chunks.
  absl::StatusOr<std::vector<XetHash>> Collect(absl::Time cutoff);

 private:
  std::string PathOf(const XetHash& xorb) const;
  absl::StatusOr<XorbPlaces> Present(const XorbPlaces& noted, bool touch);
  absl::StatusOr<bool> StillHolds(const std::string& path, const std::set<std::string>& blobs);

  const std::string folder_;
  BlobStore* const blobs_;
  const Clock* const clock_;
  // Held while a note changes. Readers see it as it was or as it will be.
  Mutex mutex_;
};

}  // namespace ropewalk
