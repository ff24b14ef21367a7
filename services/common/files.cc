#include "services/common/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/common/output_file.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

absl::Status WriteAndSync(absl::StatusOr<OutputFile> file, absl::string_view bytes) {
  RETURN_IF_ERROR(file.status());
  RETURN_IF_ERROR(file->Append(bytes));
  return file->SyncAndClose();
}

std::string TemporaryName(const std::string& path) {
  static std::atomic<int> counter = 0;
  return absl::StrCat(path, ".tmp-", getpid(), "-", counter++);
}

std::string ParentFolder(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

// Appends the files below `folder`, each with the prefix.
absl::Status ListInto(const std::string& folder, const std::string& prefix,
                      std::vector<std::string>* paths) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  while (!error && entry != fs::directory_iterator()) {
    const std::string name = absl::StrCat(prefix, entry->path().filename().string());
    std::error_code ignored;  // Whoever removes it meanwhile.
    if (entry->is_regular_file(ignored)) {
      paths->push_back(name);
    } else if (!entry->is_symlink(ignored) && entry->is_directory(ignored)) {
      const absl::Status status = ListInto(entry->path().string(), absl::StrCat(name, "/"), paths);
      if (!status.ok() && !absl::IsNotFound(status)) return status;
    }
    entry.increment(error);
  }
  if (error) return FileError(error.value(), absl::StrCat("cannot list ", folder));
  return absl::OkStatus();
}

}  // namespace

absl::Status FileError(int error_number, absl::string_view what) {
  if (error_number != ENOSPC && error_number != EDQUOT) {
    return absl::ErrnoToStatus(error_number, what);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(what, ": the disk is full; make room on it and try again"));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return FileError(errno, absl::StrCat("cannot open ", path));
  std::string bytes;
  char buffer[1 << 16];
  size_t n;
  while ((n = std::fread(buffer, 1, sizeof(buffer), file.get())) > 0) bytes.append(buffer, n);
  if (std::ferror(file.get())) return FileError(errno, absl::StrCat("cannot read ", path));
  return bytes;
}

namespace {

absl::Status Replace(const std::string& path, const std::string& temporary,
                     absl::StatusOr<OutputFile> file, absl::string_view bytes) {
  absl::Status status = WriteAndSync(std::move(file), bytes);
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = FileError(errno, absl::StrCat("cannot replace ", path));
  }
  if (!status.ok()) {
    unlink(temporary.c_str());
    return status;
  }
  return SyncFolder(ParentFolder(path));
}

}  // namespace

absl::Status WriteFileAtomically(const std::string& path, absl::string_view bytes) {
  const std::string temporary = TemporaryName(path);
  return Replace(path, temporary, OutputFile::Create(temporary), bytes);
}

absl::Status WriteSecretFile(const std::string& path, absl::string_view bytes) {
  const std::string temporary = TemporaryName(path);
  const int fd = open(temporary.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) return FileError(errno, absl::StrCat("cannot make ", temporary));
  close(fd);
  return Replace(path, temporary, OutputFile::OpenEmpty(temporary), bytes);
}

absl::StatusOr<std::vector<std::string>> ListFilesBelow(const std::string& folder) {
  std::vector<std::string> paths;
  RETURN_IF_ERROR(ListInto(folder, /*prefix=*/"", &paths));
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::Status MakeFolders(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return FileError(error.value(), absl::StrCat("cannot make the folder ", folder));
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return FileError(errno, absl::StrCat("cannot open ", folder));
  const absl::Status status =
      fsync(fd) == 0 ? absl::OkStatus() : FileError(errno, absl::StrCat("cannot sync ", folder));
  close(fd);
  return status;
}

absl::Status RemoveAll(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return FileError(error.value(), absl::StrCat("cannot delete ", path));
  return absl::OkStatus();
}

}  // namespace ropewalk
