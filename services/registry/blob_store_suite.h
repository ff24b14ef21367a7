#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/registry/blob_store.h"

namespace ropewalk {

// Where a test keeps blobs, empty at first.
class BlobPlace {
 public:
  virtual ~BlobPlace() = default;

  virtual absl::StatusOr<std::unique_ptr<BlobStore>> Open() = 0;

  // Whether what came of a broken upload is kept.
  virtual bool keeps_broken_uploads() const = 0;

  // Touches the blob at a time that is later than `before`, and is seen to be.
  virtual absl::Status TouchAfter(BlobStore* store, const std::string& digest,
                                  absl::Time before) = 0;

  // Gives a blob other bytes, as a broken disk does.
  virtual absl::Status Damage(const std::string& digest, const std::string& bytes) = 0;
};

// For tests: what every BlobStore does, whatever it is kept in. The tests of each one run them:
//
//   INSTANTIATE_TEST_SUITE_P(File, BlobStoreSuite, ::testing::Values(&MakePlace));
class BlobStoreSuite : public ::testing::TestWithParam<std::unique_ptr<BlobPlace> (*)()> {
 protected:
  void SetUp() override;

  std::unique_ptr<BlobUpload> Begin(const std::string& bytes);
  absl::Status Put(const std::string& bytes);
  absl::StatusOr<std::string> Get(const std::string& digest, int64_t offset = 0,
                                  int64_t length = 0);

  std::unique_ptr<BlobPlace> place_;
  std::unique_ptr<BlobStore> store_;
};

}  // namespace ropewalk
