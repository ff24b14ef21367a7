#include "services/registry/file_blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/blob_store_suite.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// A disk with so many bytes of room left.
class SmallDisk {
 public:
  explicit SmallDisk(int64_t room) : room_(room) {}

  void SetRoom(int64_t room) { room_ = room; }
  void FailSync() { sync_fails_ = true; }

  OpenGrowingFile Opener() {
    return [this](const std::string& path,
                  bool fresh) -> absl::StatusOr<std::unique_ptr<GrowingFile>> {
      ASSIGN_OR_RETURN(auto file, OpenGrowingFileOnDisk(path, fresh));
      return std::make_unique<File>(this, std::move(file));
    };
  }

 private:
  class File final : public GrowingFile {
   public:
    File(SmallDisk* disk, std::unique_ptr<GrowingFile> file)
        : disk_(disk), file_(std::move(file)) {}

    // Like a real disk, takes what there is room for.
    absl::Status Append(absl::string_view bytes) override {
      const int64_t fits = std::min<int64_t>(bytes.size(), disk_->room_);
      RETURN_IF_ERROR(file_->Append(bytes.substr(0, fits)));
      disk_->room_ -= fits;
      if (fits == static_cast<int64_t>(bytes.size())) return absl::OkStatus();
      return absl::ResourceExhaustedError("the disk is full");
    }
    absl::Status Sync() override {
      return disk_->sync_fails_ ? absl::UnknownError("sync failed") : file_->Sync();
    }

   private:
    SmallDisk* const disk_;
    const std::unique_ptr<GrowingFile> file_;
  };

  int64_t room_;
  bool sync_fails_ = false;
};

std::string PathIn(const TemporaryFolder& folder, const std::string& digest) {
  return folder.path("blobs/sha256/" + digest.substr(0, 2) + "/" + digest);
}

class FolderPlace final : public BlobPlace {
 public:
  absl::StatusOr<std::unique_ptr<BlobStore>> Open() override {
    return FileBlobStore::Open(folder_.path(), &clock_);
  }
  bool keeps_broken_uploads() const override { return true; }
  absl::Status TouchAfter(BlobStore* store, const std::string& digest, absl::Time) override {
    clock_.Advance(absl::Hours(2));
    return store->Touch(digest);
  }
  absl::Status Damage(const std::string& digest, const std::string& bytes) override {
    return WriteFileAtomically(PathIn(folder_, digest), bytes);
  }

 private:
  const TemporaryFolder folder_;
  FakeClock clock_;
};

std::unique_ptr<BlobPlace> MakePlace() { return std::make_unique<FolderPlace>(); }

INSTANTIATE_TEST_SUITE_P(File, BlobStoreSuite, ::testing::Values(&MakePlace));

class FileBlobStoreTest : public ::testing::Test {
 protected:
  FileBlobStoreTest() { Open(); }

  void Open(OpenGrowingFile open_file = OpenGrowingFileOnDisk) {
    auto store = FileBlobStore::Open(folder_.path(), &clock_, std::move(open_file));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  std::unique_ptr<BlobUpload> Begin(const std::string& bytes, int64_t offset = 0) {
    auto upload = store_->BeginUpload(Sha256Hex(bytes), bytes.size(), offset);
    EXPECT_TRUE(upload.ok()) << upload.status();
    return upload.ok() ? *std::move(upload) : nullptr;
  }

  absl::Status Put(const std::string& bytes) {
    const auto upload = Begin(bytes);
    RETURN_IF_ERROR(upload->Append(bytes));
    return upload->Finish();
  }

  absl::StatusOr<std::string> Get(const std::string& digest, int64_t offset = 0,
                                  int64_t length = 0) {
    ASSIGN_OR_RETURN(const auto reader, store_->Read(digest, offset, length));
    std::string bytes;
    while (true) {
      ASSIGN_OR_RETURN(const std::string piece, reader->Next());
      if (piece.empty()) return bytes;
      bytes += piece;
    }
  }

  const TemporaryFolder folder_;
  FakeClock clock_;
  std::unique_ptr<FileBlobStore> store_;
};

TEST_F(FileBlobStoreTest, GoesOnWithABrokenUpload) {
  auto upload = Begin("abcdef");
  ASSERT_TRUE(upload->Append("abc").ok());
  EXPECT_TRUE(absl::IsAborted(upload->Finish()));
  upload.reset();
  Open();  // After a restart, too.
  EXPECT_EQ(*store_->KeptBytes(Sha256Hex("abcdef")), 3);
  EXPECT_TRUE(absl::IsOutOfRange(store_->BeginUpload(Sha256Hex("abcdef"), 6, 2).status()));
  upload = Begin("abcdef", 3);
  ASSERT_TRUE(upload->Append("def").ok());
  ASSERT_TRUE(upload->Finish().ok());
  EXPECT_EQ(*Get(Sha256Hex("abcdef")), "abcdef");
}

TEST_F(FileBlobStoreTest, GoesOnWhenAFullDiskHasRoomAgain) {
  SmallDisk disk(4);
  Open(disk.Opener());
  auto upload = Begin("abcdef");
  ASSERT_TRUE(upload->Append("abc").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(upload->Append("def")));
  EXPECT_TRUE(absl::IsResourceExhausted(upload->Finish()));
  upload.reset();
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(Sha256Hex("abcdef")).status()));
  disk.SetRoom(100);
  EXPECT_EQ(*store_->KeptBytes(Sha256Hex("abcdef")), 4);
  upload = Begin("abcdef", 4);
  ASSERT_TRUE(upload->Append("ef").ok());
  ASSERT_TRUE(upload->Finish().ok());
  EXPECT_EQ(*Get(Sha256Hex("abcdef")), "abcdef");
}

TEST_F(FileBlobStoreTest, TrustsNothingAfterAFailedSync) {
  SmallDisk disk(100);
  disk.FailSync();
  Open(disk.Opener());
  auto upload = Begin("abc");
  ASSERT_TRUE(upload->Append("abc").ok());
  EXPECT_FALSE(upload->Finish().ok());
  EXPECT_FALSE(upload->Finish().ok());
  upload.reset();
  EXPECT_EQ(*store_->KeptBytes(Sha256Hex("abc")), 0);
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(Sha256Hex("abc")).status()));
}

TEST_F(FileBlobStoreTest, DeletesOnlyWhatWasNotTouched) {
  ASSERT_TRUE(Put("abc").ok());
  const std::string digest = Sha256Hex("abc");
  clock_.Advance(absl::Hours(2));
  ASSERT_TRUE(store_->Touch(digest).ok());
  EXPECT_FALSE(*store_->DeleteBlobIfOlder(digest, clock_.Now() - absl::Hours(1)));
  clock_.Advance(absl::Hours(2));
  EXPECT_TRUE(*store_->DeleteBlobIfOlder(digest, clock_.Now() - absl::Hours(1)));
  EXPECT_FALSE(*store_->DeleteBlobIfOlder(digest, clock_.Now()));
  EXPECT_TRUE(absl::IsNotFound(store_->Touch(digest)));
}

TEST_F(FileBlobStoreTest, DoesNotDeleteUploadsThatRun) {
  auto upload = Begin("abc");
  clock_.Advance(absl::Hours(2));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
  EXPECT_FALSE(*store_->DeleteUploadIfOlder(Sha256Hex("abc"), clock_.Now()));
  upload.reset();
  EXPECT_THAT(*store_->ListUploads(), SizeIs(1));
  EXPECT_TRUE(*store_->DeleteUploadIfOlder(Sha256Hex("abc"), clock_.Now()));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

}  // namespace
}  // namespace ropewalk
