#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace ropewalk {

// A file opened to be read. Reading takes the position as an argument, so several threads may read
// at the same time. Errors carry the path.
class InputFile {
 public:
  // NOT_FOUND: there is no such file.
  static absl::StatusOr<std::shared_ptr<const InputFile>> Open(const std::string& path);

  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // What is at `offset`, at most `length` bytes; fewer at the end, none past it.
  // DATA_LOSS: the disk cannot read it.
  absl::StatusOr<std::string> Read(int64_t offset, int64_t length) const;

  // For the system's own calls; stays this object's.
  int descriptor() const { return descriptor_; }

 private:
  InputFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  const int descriptor_;
  const std::string path_;
};

// A stretch of an open file.
struct FileStretch {
  std::shared_ptr<const InputFile> file;
  int64_t offset = 0;
  int64_t length = 0;
};

}  // namespace ropewalk
