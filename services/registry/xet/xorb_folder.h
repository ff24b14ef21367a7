#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "services/common/output_file.h"
#include "services/registry/xet/xorb.h"
#include "services/registry/xet/xorb_file.h"

namespace ropewalk {

class XorbFolder;

// A xorb on its way in. Destroyed before Finish, what came is dropped. Not thread-safe.
class XorbUpload {
 public:
  ~XorbUpload();
  XorbUpload(const XorbUpload&) = delete;
  XorbUpload& operator=(const XorbUpload&) = delete;

  // INVALID_ARGUMENT: it is not a xorb. RESOURCE_EXHAUSTED: the folder or the disk is full. After
  // an error it takes nothing more.
  absl::Status Append(absl::string_view bytes);

  // Puts the xorb in the folder. INVALID_ARGUMENT: it is not whole, or another one.
  absl::Status Finish();

 private:
  friend class XorbFolder;
  XorbUpload(XorbFolder* folder, const XetHash& hash, std::string path, OutputFile file)
      : folder_(folder), hash_(hash), path_(std::move(path)), file_(std::move(file)) {}

  absl::Status Write(absl::string_view bytes);

  XorbFolder* const folder_;
  const XetHash hash_;
  const std::string path_;
  OutputFile file_;
  XorbDecoder decoder_;
  int64_t reserved_bytes_ = 0;
};

// Xorbs as files, of bounded size in all:
//   xorbs/ab/abcd...   checked when it came; its modification time is when it was last used
//   incoming/7         on its way; dropped when the folder is opened
// Files are not synced: after a power cut some may be damaged, which reading them finds.
// Another process must not use the folder at the same time. Thread-safe.
class XorbFolder {
 public:
  // Makes the folders where they are missing. `clock` outlives this.
  static absl::StatusOr<std::unique_ptr<XorbFolder>> Open(const std::string& folder,
                                                          int64_t max_bytes, const Clock* clock);

  // Outlived by this.
  absl::StatusOr<std::unique_ptr<XorbUpload>> BeginUpload(const XetHash& hash);

  // Also says that it is used. NOT_FOUND: there is none. DATA_LOSS: it is damaged.
  absl::StatusOr<XorbFile> Find(const XetHash& hash);

  // Whether it is there, damaged or not. It does not count as used.
  bool Contains(const XetHash& hash);

  // Fine if it is not there. Readers that have it open go on.
  absl::Status Remove(const XetHash& hash);

  // Removes those that were not used after `cutoff`; how many there were. With `dry_run` it only
  // counts them.
  absl::StatusOr<int> RemoveOlder(absl::Time cutoff, bool dry_run);

  // Of all xorbs, and of those on their way.
  int64_t total_bytes() const { return total_bytes_; }

 private:
  friend class XorbUpload;
  XorbFolder(std::string folder, int64_t max_bytes, const Clock* clock)
      : folder_(std::move(folder)), max_bytes_(max_bytes), clock_(clock) {}

  absl::Status CountBytes();
  std::string PathOf(const XetHash& hash) const;
  absl::Status Reserve(int64_t bytes);
  absl::Status Keep(const std::string& path, const XetHash& hash, bool* kept);
  absl::Status RemoveFile(const std::string& path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string folder_;
  const int64_t max_bytes_;
  const Clock* const clock_;
  std::atomic<int64_t> total_bytes_ = 0;
  std::atomic<int64_t> uploads_ = 0;
  // Held while a xorb appears, is used or goes.
  Mutex mutex_;
};

}  // namespace ropewalk
