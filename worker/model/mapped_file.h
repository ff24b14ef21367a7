#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A whole file, mapped read-only: processes that open the same one share its memory. The file must
// not shrink while it is mapped. Threads may read at the same time.
class MappedFile {
 public:
  // NOT_FOUND or another error of the file system, with the path.
  static absl::StatusOr<MappedFile> Open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Valid while this object, or one it was moved to, lives.
  absl::string_view bytes() const { return bytes_; }

  // Gives back this process's memory of a part of bytes() that has been read and is not needed for
  // now: where it is read again, it comes from the system's cache or the disk.
  void Release(absl::string_view part) const;

 private:
  explicit MappedFile(absl::string_view bytes) : bytes_(bytes) {}

  absl::string_view bytes_;
};

}  // namespace ropewalk
