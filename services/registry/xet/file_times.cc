#include "services/registry/xet/file_times.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"

namespace ropewalk {

absl::StatusOr<FileTimes> LookAtFile(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError(errno, absl::StrCat("no file ", path));
  return FileTimes{info.st_size, absl::TimeFromTimespec(info.st_mtim)};
}

absl::Status SetFileTime(const std::string& path, absl::Time time) {
  const timespec times[2] = {absl::ToTimespec(time), absl::ToTimespec(time)};
  if (utimensat(AT_FDCWD, path.c_str(), times, 0) == 0) return absl::OkStatus();
  return FileError(errno, absl::StrCat("cannot touch ", path));
}

absl::Status MoveFile(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return FileError(errno, absl::StrCat("cannot move ", from, " to ", to));
}

}  // namespace ropewalk
