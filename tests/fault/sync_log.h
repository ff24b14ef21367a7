#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/common/mutex.h"

namespace ropewalk {

// What failing_fsync.c records of the processes that it is preloaded into: which files and names
// would be there after a power cut. Thread-safe.
class SyncLog {
 public:
  explicit SyncLog(std::string path) : path_(std::move(path)) {}

  // Whether a file that was written, synced and renamed to its place would be there whole: it was
  // synced before, and its folder and the one above it, if new, since.
  // DATA_LOSS: which sync is missing. NOT_FOUND: no process renamed the file.
  absl::Status CheckSafe(const std::string& file);

 private:
  // By inode. Lines are counted from 1; 0: never.
  struct Life {
    int64_t synced = 0;
    bool sync_failed = false;  // Since it was synced.
    int64_t named = 0;         // As a file by a rename, as a folder by mkdir.
    ino_t folder = 0;          // The one that has its name.
    bool named_synced = false;
    bool renaming = false;  // It has the name, or has not and will get another one.
  };

  absl::Status ReadNew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeLine(absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckName(const std::string& what, const Life& life)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  Mutex mutex_;
  int64_t read_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t lines_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<ino_t, Life> lives_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
