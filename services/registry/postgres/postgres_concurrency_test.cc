#include <atomic>
#include <functional>
#include <list>
#include <thread>
#include <vector>

#include "services/common/sha256.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/postgres/postgres_fixture.h"
#include "services/registry/registry.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temporary_folder.h"

// Several registries on one database and one folder of blobs, as several processes have them.

namespace ropewalk {
namespace {

constexpr char kTiny[] = "models/org/tiny";

struct OneOfThem {
  std::unique_ptr<PostgresMetadataStore> metadata;
  std::unique_ptr<FileBlobStore> blobs;
  std::unique_ptr<Registry> registry;
};

class RegistriesOnOneDatabase : public PostgresFixture {
 protected:
  void SetUp() override {
    PostgresFixture::SetUp();
    if (HasFatalFailure()) return;
    for (int i = 0; i < 3; ++i) {
      OneOfThem& one = registries_.emplace_back();
      one.metadata = Open();
      auto blobs = FileBlobStore::Open(folder_.path(), &clock_);
      ASSERT_TRUE(blobs.ok()) << blobs.status();
      one.blobs = *std::move(blobs);
      one.registry =
          std::make_unique<Registry>(one.blobs.get(), one.metadata.get(), &clock_, absl::Hours(1));
    }
  }

  // Calls that with every registry from two threads, all at once; how often it went well.
  int CountSuccesses(const std::function<absl::Status(Registry*)>& call,
                     absl::StatusCode otherwise) {
    std::atomic<int> successes{0};
    std::vector<std::thread> threads;
    for (const OneOfThem& one : registries_) {
      for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
          const absl::Status status = call(one.registry.get());
          if (status.ok()) {
            ++successes;
          } else {
            EXPECT_EQ(status.code(), otherwise) << status;
          }
        });
      }
    }
    for (std::thread& thread : threads) thread.join();
    return successes;
  }

  v1::File Upload(const std::string& bytes) {
    v1::UploadBlobRequest first;
    first.set_digest(Sha256Hex(bytes));
    first.set_size_bytes(static_cast<int64_t>(bytes.size()));
    auto upload = registries_.front().registry->BeginUpload(first);
    EXPECT_TRUE(upload.ok()) << upload.status();
    if (upload.ok() && *upload != nullptr) {
      EXPECT_TRUE((*upload)->Append(bytes).ok());
      EXPECT_TRUE((*upload)->Finish().ok());
    }
    v1::File file;
    file.set_path("file");
    file.set_digest(first.digest());
    file.set_size_bytes(first.size_bytes());
    return file;
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  std::list<OneOfThem> registries_;
};

TEST_F(RegistriesOnOneDatabase, GiveATagToOneOfThoseWhoAddIt) {
  v1::CreateVersionRequest request;
  request.set_repository(kTiny);
  *request.add_files() = Upload("bytes");
  const auto version = registries_.front().registry->CreateVersion(request);
  ASSERT_TRUE(version.ok()) << version.status();
  for (const char* const tag : {"v1", "v2", "v3", "v4", "v5"}) {
    EXPECT_EQ(CountSuccesses(
                  [&](Registry* registry) {
                    return registry->AddTag(kTiny, tag, version->name(), /*branch=*/false);
                  },
                  absl::StatusCode::kAlreadyExists),
              1);
  }
}

TEST_F(RegistriesOnOneDatabase, MakeARepositoryOnceAndDeleteItOnce) {
  for (int round = 0; round < 5; ++round) {
    EXPECT_EQ(CountSuccesses([](Registry* registry) { return registry->CreateRepository(kTiny); },
                             absl::StatusCode::kAlreadyExists),
              1);
    EXPECT_EQ(CountSuccesses([](Registry* registry) { return registry->DeleteRepository(kTiny); },
                             absl::StatusCode::kNotFound),
              1);
  }
}

TEST_F(RegistriesOnOneDatabase, PublishTheSameVersionOnce) {
  v1::CreateVersionRequest request;
  request.set_repository(kTiny);
  *request.add_files() = Upload("bytes");
  EXPECT_EQ(
      CountSuccesses([&](Registry* registry) { return registry->CreateVersion(request).status(); },
                     absl::StatusCode::kOk),
      6);
  EXPECT_EQ(registries_.back().registry->GetRepository(kTiny)->version_count(), 1);
}

}  // namespace
}  // namespace ropewalk
