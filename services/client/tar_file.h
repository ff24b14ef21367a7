#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct archive;

namespace ropewalk {

// Tar files, by libarchive. Not thread-safe; errors carry the path.

class TarWriter {
 public:
  // ALREADY_EXISTS: there is such a file.
  static absl::StatusOr<TarWriter> Create(const std::string& path);

  absl::Status AddText(const std::string& name, absl::string_view text);
  // With the contents of a local file.
  absl::Status AddFile(const std::string& name, const std::string& local_path);

  // RESOURCE_EXHAUSTED: the disk is full. Without it, the file is not whole.
  absl::Status Finish();

 private:
  struct Closer {
    void operator()(archive* tar) const;
  };
  TarWriter(std::string path, archive* tar) : path_(std::move(path)), tar_(tar) {}

  absl::Status AddHeader(const std::string& name, int64_t size_bytes);
  absl::Status AddBytes(absl::string_view bytes);
  absl::Status Error() const;

  std::string path_;
  std::unique_ptr<archive, Closer> tar_;
};

class TarReader {
 public:
  // NOT_FOUND: there is no such file.
  static absl::StatusOr<TarReader> Open(const std::string& path);

  // Goes to the next entry; whether there is one. Only regular files are taken.
  // INVALID_ARGUMENT: it is no tar file, or is damaged, or has something else than regular files.
  absl::StatusOr<bool> Next();

  const std::string& name() const { return name_; }
  int64_t size_bytes() const { return size_bytes_; }

  // The entry's contents, of at most `most` bytes.
  absl::StatusOr<std::string> ReadText(int64_t most);
  // Into a new local file.
  absl::Status Extract(const std::string& local_path);

 private:
  struct Closer {
    void operator()(archive* tar) const;
  };
  TarReader(std::string path, archive* tar) : path_(std::move(path)), tar_(tar) {}

  // The next piece; empty at the end.
  absl::StatusOr<std::string> ReadPiece();
  absl::Status Error() const;

  std::string path_;
  std::unique_ptr<archive, Closer> tar_;
  std::string name_;
  int64_t size_bytes_ = 0;
};

}  // namespace ropewalk
