#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "services/common/sha256.h"
#include "services/registry/blob_store.h"
#include "services/registry/s3/s3_client.h"

namespace ropewalk {

// Reads a stretch of an object while it comes; where the connection breaks, goes on from there.
// Asks for nothing before the first call.
class S3BlobReader final : public BlobReader {
 public:
  // `client` outlives the reader. The object has the stretch. If `digest` is not empty, what was
  // read must have it: then the stretch must be the whole object.
  S3BlobReader(const S3Client* client, std::string key, int64_t offset, int64_t length,
               std::string digest)
      : client_(client),
        key_(std::move(key)),
        offset_(offset),
        length_(length),
        digest_(std::move(digest)) {}

  absl::StatusOr<std::string> Next() override;
  std::optional<FileStretch> file() const override { return std::nullopt; }

 private:
  absl::StatusOr<std::string> Pull();
  absl::Status CheckDigest();

  const S3Client* const client_;
  const std::string key_;
  const int64_t offset_;
  const int64_t length_;
  const std::string digest_;
  std::unique_ptr<HttpDownload> download_;
  int64_t taken_ = 0;
  int breaks_ = 0;  // Since something came.
  Sha256 hash_;
  bool checked_ = false;
};

}  // namespace ropewalk
