#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/common/input_file.h"
#include "services/common/output_file.h"
#include "services/common/sha256.h"
#include "services/registry/s3/s3_blob_store.h"

namespace ropewalk {

// The names under which a bucket has what belongs to a blob.
std::string BlobKey(const std::string& digest);
std::string TouchKey(const std::string& digest);
std::string UploadName(const std::string& digest, const std::string& upload_id);

// A blob whose digest is known: sent on part by part.
class S3BlobStore::Upload final : public BlobUpload {
 public:
  Upload(S3BlobStore* store, std::string digest, int64_t size_bytes);
  ~Upload() override;

  int64_t committed_bytes() const override { return committed_bytes_; }
  const std::string& digest() const override { return digest_; }
  absl::Status Append(absl::string_view bytes) override;
  absl::Status Finish() override;

 private:
  absl::Status Take(absl::string_view bytes);
  absl::Status SendPart();
  absl::Status Publish();
  absl::Status Complete();

  S3BlobStore* const store_;
  const std::string digest_;
  const int64_t size_bytes_;
  const int64_t part_bytes_;
  std::string upload_id_;  // Empty while all fits into one part, and once completed.
  std::string part_;       // Not sent yet.
  std::vector<std::string> etags_;
  Sha256 hash_;
  int64_t committed_bytes_ = 0;
  absl::Status failed_;
};

// A blob whose digest is not known before it has come: kept in a file without a name until then.
class S3BlobStore::SpooledUpload final : public BlobUpload {
 public:
  // `file` and `spooled` are one file.
  SpooledUpload(S3BlobStore* store, int64_t max_bytes, OutputFile file,
                std::shared_ptr<const InputFile> spooled);

  int64_t committed_bytes() const override { return committed_bytes_; }
  const std::string& digest() const override { return digest_; }
  absl::Status Append(absl::string_view bytes) override;
  absl::Status Finish() override;

 private:
  absl::Status SendOn(const std::string& digest);

  S3BlobStore* const store_;
  const int64_t max_bytes_;
  OutputFile file_;
  const std::shared_ptr<const InputFile> spooled_;
  std::string digest_;
  Sha256 hash_;
  int64_t committed_bytes_ = 0;
  absl::Status failed_;
};

}  // namespace ropewalk
