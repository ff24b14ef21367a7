#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A file that grows at its end. Errors carry the path; a full disk is RESOURCE_EXHAUSTED. Not
// thread-safe.
class OutputFile {
 public:
  // A new file. ALREADY_EXISTS: there is one.
  static absl::StatusOr<OutputFile> Create(const std::string& path);

  // An existing file is gone on with, or emptied; a missing one is made.
  static absl::StatusOr<OutputFile> OpenToAppend(const std::string& path);
  static absl::StatusOr<OutputFile> OpenEmpty(const std::string& path);

  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;

  // After an error, a beginning of `bytes` may have been written.
  absl::Status Append(absl::string_view bytes);

  // Makes what was appended survive a power cut. After an error it may be lost, and calling again
  // does not bring it back.
  absl::Status Sync();

  absl::Status SyncAndClose();

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  static absl::StatusOr<OutputFile> Open(const std::string& path, int flags);
  void Close();

  int fd_;
  std::string path_;
};

}  // namespace ropewalk
