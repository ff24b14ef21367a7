#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace ropewalk {

// A file system of a few megabytes, which a test can fill and empty again. For root.
class SmallDisk {
 public:
  // At `folder`, which is made. FAILED_PRECONDITION: this process may not mount file systems.
  static absl::StatusOr<std::unique_ptr<SmallDisk>> Mount(const std::string& folder, int megabytes);

  // Takes it away again, with all that is on it.
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Leaves no room for anyone; or gives it back.
  void Fill();
  void Empty();

 private:
  explicit SmallDisk(std::string folder) : folder_(std::move(folder)) {}
  std::string Filler() const { return folder_ + "/filler"; }

  const std::string folder_;
};

}  // namespace ropewalk
