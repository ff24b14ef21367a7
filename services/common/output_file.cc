#include "services/common/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {

absl::StatusOr<OutputFile> OutputFile::Open(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
  if (fd < 0) return FileError(errno, absl::StrCat("cannot open ", path, " for writing"));
  return OutputFile(fd, path);
}

absl::StatusOr<OutputFile> OutputFile::Create(const std::string& path) {
  return Open(path, O_EXCL);
}

absl::StatusOr<OutputFile> OutputFile::OpenToAppend(const std::string& path) {
  return Open(path, O_APPEND);
}

absl::StatusOr<OutputFile> OutputFile::OpenEmpty(const std::string& path) {
  return Open(path, O_TRUNC);
}

OutputFile::~OutputFile() { Close(); }

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  return *this;
}

void OutputFile::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

absl::Status OutputFile::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FileError(errno, absl::StrCat("cannot write ", path_));
    bytes.remove_prefix(n);
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Sync() {
  if (fsync(fd_) == 0) return absl::OkStatus();
  return FileError(errno, absl::StrCat("cannot sync ", path_));
}

absl::Status OutputFile::SyncAndClose() {
  RETURN_IF_ERROR(Sync());
  Close();
  return absl::OkStatus();
}

}  // namespace ropewalk
