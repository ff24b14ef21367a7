#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "services/common/sha256.h"
#include "services/registry/blob_store.h"

namespace ropewalk {

// Reads a file in pieces.
class BlobFileReader final : public BlobReader {
 public:
  // From `offset` on, at most `length` bytes (0: to the end). If `digest` is not empty, what was
  // read must have it: then the read must be of the whole file. NOT_FOUND: there is no such file.
  static absl::StatusOr<std::unique_ptr<BlobFileReader>> Open(const std::string& path,
                                                              const std::string& digest,
                                                              int64_t offset, int64_t length);

  absl::StatusOr<std::string> Next() override;

 private:
  BlobFileReader(std::string path, std::string digest, std::ifstream stream, int64_t length);
  absl::Status CheckDigest();

  const std::string path_;
  const std::string digest_;
  std::ifstream stream_;
  int64_t left_;
  Sha256 hash_;
  bool checked_ = false;
};

}  // namespace ropewalk
