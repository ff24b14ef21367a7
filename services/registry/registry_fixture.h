#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/common/sha256.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/registry.h"
#include "services/registry/sqlite_metadata_store.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {

// For tests: a registry in a temporary folder, on a clock that stands still, with an hour of grace.
class RegistryFixture : public ::testing::Test {
 protected:
  RegistryFixture() { Open(); }

  // Also stands for a restart.
  void Open() {
    registry_.reset();
    blobs_.reset();
    metadata_.reset();
    auto metadata = SqliteMetadataStore::Open(folder_.path("registry.db"));
    auto blobs = FileBlobStore::Open(folder_.path(), &clock_);
    ASSERT_TRUE(metadata.ok()) << metadata.status();
    ASSERT_TRUE(blobs.ok()) << blobs.status();
    metadata_ = *std::move(metadata);
    blobs_ = *std::move(blobs);
    registry_ = std::make_unique<Registry>(blobs_.get(), metadata_.get(), &clock_, absl::Hours(1));
  }

  std::string Upload(const std::string& bytes) {
    v1::UploadBlobRequest first;
    first.set_digest(Sha256Hex(bytes));
    first.set_size_bytes(bytes.size());
    auto upload = registry_->BeginUpload(first);
    EXPECT_TRUE(upload.ok()) << upload.status();
    if (upload.ok() && *upload != nullptr) {
      EXPECT_TRUE((*upload)->Append(bytes).ok());
      EXPECT_TRUE((*upload)->Finish().ok());
    }
    return first.digest();
  }

  // A request for a version with one file, whose blob is there.
  v1::CreateVersionRequest Request(const std::string& repository, const std::string& bytes) {
    v1::CreateVersionRequest request;
    request.set_repository(repository);
    v1::File* file = request.add_files();
    file->set_path("file");
    file->set_digest(Upload(bytes));
    file->set_size_bytes(bytes.size());
    return request;
  }

  v1::Version Create(const v1::CreateVersionRequest& request) {
    auto version = registry_->CreateVersion(request);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or(v1::Version());
  }

  v1::Version Publish(const std::string& repository, const std::string& bytes) {
    return Create(Request(repository, bytes));
  }

  absl::StatusOr<v1::Version> Get(const std::string& name, const std::string& base = "") {
    v1::GetVersionRequest request;
    request.set_name(name);
    request.set_expected_base_model_digest(base);
    return registry_->GetVersion(request);
  }

  absl::StatusOr<v1::Tag> SetTag(const std::string& name, const std::string& version,
                                 bool is_protected = false, bool force = false) {
    v1::SetTagRequest request;
    request.set_name(name);
    request.set_version(version);
    request.set_protected_(is_protected);
    request.set_force(force);
    return registry_->SetTag(request);
  }

  absl::Status DeleteTag(const std::string& name) {
    v1::DeleteTagRequest request;
    request.set_name(name);
    return registry_->DeleteTag(request);
  }

  absl::Status Delete(const std::string& name) {
    v1::DeleteVersionRequest request;
    request.set_name(name);
    return registry_->DeleteVersion(request);
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<SqliteMetadataStore> metadata_;
  std::unique_ptr<FileBlobStore> blobs_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace ropewalk
