#include "services/common/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"

namespace ropewalk {

absl::StatusOr<std::shared_ptr<const InputFile>> InputFile::Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FileError(errno, absl::StrCat("cannot open ", path));
  return std::shared_ptr<const InputFile>(new InputFile(descriptor, path));
}

InputFile::~InputFile() { close(descriptor_); }

absl::StatusOr<std::string> InputFile::Read(int64_t offset, int64_t length) const {
  std::string bytes(length, '\0');
  int64_t filled = 0;
  while (filled < length) {
    const ssize_t count = pread(descriptor_, &bytes[filled], length - filled, offset + filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::DataLossError(absl::StrCat("the disk cannot read ", path_));
    if (count == 0) break;
    filled += count;
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace ropewalk
