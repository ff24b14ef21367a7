#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_blob_store.h"
#include "tests/testing/s3_server.h"

namespace ropewalk {

// The server that all tests of a program use; started for the first of them.
inline const absl::StatusOr<std::unique_ptr<S3Server>>& SharedS3Server() {
  static const absl::StatusOr<std::unique_ptr<S3Server>> server = S3Server::Make();
  return server;
}

// For tests: an empty prefix on that server.
class S3Fixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SharedS3Server().ok()) << SharedS3Server().status();
    server_ = SharedS3Server()->get();
    options_ = server_->NewPrefix();
  }

  std::unique_ptr<S3BlobStore> Open(const S3Options& options, const Clock* clock = Clock::Real()) {
    auto store = S3BlobStore::Open(options, clock);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  std::unique_ptr<S3BlobStore> Open() { return Open(options_); }

  // Past any store, as another program.
  S3Client Client() const { return S3Client(options_, Clock::Real()); }

  static std::unique_ptr<BlobUpload> Begin(BlobStore* store, const std::string& bytes) {
    auto upload = store->BeginUpload(Sha256Hex(bytes), bytes.size(), /*offset=*/0);
    EXPECT_TRUE(upload.ok()) << upload.status();
    return upload.ok() ? *std::move(upload) : nullptr;
  }

  static absl::Status Put(BlobStore* store, const std::string& bytes) {
    const auto upload = Begin(store, bytes);
    RETURN_IF_ERROR(upload->Append(bytes));
    return upload->Finish();
  }

  static absl::StatusOr<std::string> Get(const BlobStore& store, const std::string& digest,
                                         int64_t offset = 0, int64_t length = 0) {
    ASSIGN_OR_RETURN(const auto reader, store.Read(digest, offset, length));
    std::string bytes;
    while (true) {
      ASSIGN_OR_RETURN(const std::string piece, reader->Next());
      if (piece.empty()) return bytes;
      bytes += piece;
    }
  }

  static std::string Pattern(int64_t bytes) {
    std::string pattern(bytes, '\0');
    for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<char>(i * 7 + i / 251);
    return pattern;
  }

  S3Server* server_ = nullptr;
  S3Options options_;
};

}  // namespace ropewalk
