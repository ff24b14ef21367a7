#include "services/common/version_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/manifest.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

bool IsWhole(const v1::Version& version, const std::string& folder) {
  for (const v1::File& file : version.files()) {
    std::error_code error;
    const uintmax_t size = fs::file_size(absl::StrCat(folder, "/", file.path()), error);
    if (error || size != static_cast<uintmax_t>(file.size_bytes())) return false;
  }
  return true;
}

// A folder beside `folder` that is deleted in the end unless it was renamed. A lock on it tells
// those in use from those that a crash left behind.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Beside(const std::string& folder) {
    static std::atomic<int> counter = 0;
    constexpr int kAttempts = 10;
    for (int i = 0; i < kAttempts; ++i) {
      const std::string path = absl::StrCat(folder, kMark, getpid(), "-", counter++);
      RETURN_IF_ERROR(RemoveAll(path));
      RETURN_IF_ERROR(MakeFolders(path));
      const int fd = LockedFolder(path);
      if (fd >= 0) return TemporaryFolder(path, fd);
    }
    return absl::UnavailableError(absl::StrCat("cannot lock a temporary folder beside ", folder));
  }

  TemporaryFolder(TemporaryFolder&& other) noexcept
      : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;

  ~TemporaryFolder() {
    if (fd_ < 0) return;
    RemoveAll(path_).IgnoreError();
    close(fd_);
  }

  static void RemoveAbandoned(const std::string& folder) {
    std::error_code error;
    const std::string prefix = absl::StrCat(fs::path(folder).filename().string(), kMark);
    for (fs::directory_iterator entry(fs::path(folder).parent_path(), error);
         !error && entry != fs::directory_iterator(); entry.increment(error)) {
      if (absl::StartsWith(entry->path().filename().string(), prefix)) {
        RemoveIfUnlocked(entry->path().string());
      }
    }
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr char kMark[] = ".partial-";

  TemporaryFolder(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  // The folder, locked; -1 if another has it, or has just deleted it as abandoned.
  static int LockedFolder(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    struct stat info;
    const bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if (locked && fstat(fd, &info) == 0 && info.st_nlink > 0) return fd;
    close(fd);
    return -1;
  }

  static void RemoveIfUnlocked(const std::string& path) {
    const int fd = LockedFolder(path);
    if (fd < 0) return;
    RemoveAll(path).IgnoreError();
    close(fd);
  }

  std::string path_;
  int fd_;
};

absl::Status FetchInto(const v1::Version& version, const std::string& folder,
                       const FetchFile& fetch) {
  for (const v1::File& file : version.files()) {
    const std::string path = absl::StrCat(folder, "/", file.path());
    const std::string parent = fs::path(path).parent_path().string();
    RETURN_IF_ERROR(MakeFolders(parent));
    RETURN_IF_ERROR(fetch(file, path));
    RETURN_IF_ERROR(SyncFolder(parent));
  }
  return absl::OkStatus();
}

// Absolute, so that it has a parent, and without a slash at its end.
std::string Normal(std::string folder) {
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  std::error_code error;
  const fs::path absolute = fs::absolute(folder, error);
  return error ? folder : absolute.string();
}

}  // namespace

absl::Status MakeVersionFolder(const v1::Version& version, const std::string& given_folder,
                               const FetchFile& fetch) {
  const std::string folder = Normal(given_folder);
  RETURN_IF_ERROR(ValidateManifest(version.files()));
  if (IsWhole(version, folder)) return absl::OkStatus();
  const std::string parent = fs::path(folder).parent_path().string();
  RETURN_IF_ERROR(MakeFolders(parent));
  TemporaryFolder::RemoveAbandoned(folder);
  ASSIGN_OR_RETURN(const TemporaryFolder temporary, TemporaryFolder::Beside(folder));
  RETURN_IF_ERROR(FetchInto(version, temporary.path(), fetch));
  // Renames over nothing or an empty folder only.
  if (std::rename(temporary.path().c_str(), folder.c_str()) == 0) return SyncFolder(parent);
  const int error = errno;
  if (IsWhole(version, folder)) return absl::OkStatus();  // Another was quicker.
  if (error != ENOTEMPTY && error != EEXIST && error != ENOTDIR) {
    return FileError(error, absl::StrCat("cannot make ", folder));
  }
  return absl::AlreadyExistsError(absl::StrCat(folder, " is there and does not hold ",
                                               version.name(),
                                               "; delete it or choose another folder"));
}

}  // namespace ropewalk
