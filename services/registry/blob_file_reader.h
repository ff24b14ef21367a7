#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "services/common/input_file.h"
#include "services/common/sha256.h"
#include "services/registry/blob_store.h"

namespace ropewalk {

// Reads a stretch of a file in pieces.
class BlobFileReader final : public BlobReader {
 public:
  // If `digest` is not empty, what was read must have it: then the stretch must be the whole file.
  BlobFileReader(FileStretch stretch, std::string digest)
      : stretch_(std::move(stretch)), digest_(std::move(digest)) {}

  absl::StatusOr<std::string> Next() override;
  std::optional<FileStretch> file() const override { return stretch_; }

 private:
  absl::Status CheckDigest();

  const FileStretch stretch_;
  const std::string digest_;
  int64_t taken_ = 0;
  Sha256 hash_;
  bool checked_ = false;
};

}  // namespace ropewalk
