#include "tests/testing/small_disk.h"

#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace ropewalk {

absl::StatusOr<std::unique_ptr<SmallDisk>> SmallDisk::Mount(const std::string& folder,
                                                            int megabytes) {
  std::filesystem::create_directories(folder);
  const std::string size = absl::StrCat("size=", megabytes, "m");
  if (mount("ropewalk-test", folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size.c_str()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("no file system can be mounted at ", folder, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<SmallDisk>(new SmallDisk(folder));
}

// Whoever has files open there keeps them until they are closed.
SmallDisk::~SmallDisk() { umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::Fill() {
  std::ofstream filler(Filler(), std::ios::binary);
  const std::string piece(4096, 'x');
  while (filler.write(piece.data(), static_cast<std::streamsize>(piece.size())).flush()) {
  }
}

void SmallDisk::Empty() { std::filesystem::remove(Filler()); }

}  // namespace ropewalk
