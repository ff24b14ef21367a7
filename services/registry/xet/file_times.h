#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ropewalk {

// A file from outside. Errors carry the path; NOT_FOUND: there is no such file. Thread-safe.

struct FileTimes {
  int64_t size_bytes = 0;
  absl::Time modified;
};

absl::StatusOr<FileTimes> LookAtFile(const std::string& path);

// Sets the time of its modification.
absl::Status SetFileTime(const std::string& path, absl::Time time);

// Within a file system; what is at `to` is replaced.
absl::Status MoveFile(const std::string& from, const std::string& to);

}  // namespace ropewalk
