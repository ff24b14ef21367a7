#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// The file that an upload grows in; a fake of it fills the disk in tests.
class GrowingFile {
 public:
  virtual ~GrowingFile() = default;

  // See OutputFile.
  virtual absl::Status Append(absl::string_view bytes) = 0;
  virtual absl::Status Sync() = 0;
};

// Opens the file at `path`, making it if need be; emptied first if `fresh`.
using OpenGrowingFile = std::function<absl::StatusOr<std::unique_ptr<GrowingFile>>(
    const std::string& path, bool fresh)>;

// The one on the disk.
absl::StatusOr<std::unique_ptr<GrowingFile>> OpenGrowingFileOnDisk(const std::string& path,
                                                                   bool fresh);

}  // namespace ropewalk
