#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BlobsTest : public RegistryFixture {
 protected:
  v1::CollectGarbageResponse Collect(bool dry_run = false) {
    const auto response = registry_->CollectGarbage(dry_run);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(v1::CollectGarbageResponse());
  }

  absl::StatusOr<v1::FindMissingBlobsResponse> FindMissing(
      const std::vector<std::string>& digests) {
    v1::FindMissingBlobsRequest request;
    request.mutable_digests()->Add(digests.begin(), digests.end());
    return registry_->FindMissingBlobs(request);
  }

  void BreakUpload(const std::string& bytes, const std::string& sent) {
    v1::UploadBlobRequest first;
    first.set_digest(Sha256Hex(bytes));
    first.set_size_bytes(bytes.size());
    auto upload = registry_->BeginUpload(first);
    ASSERT_TRUE(upload.ok()) << upload.status();
    EXPECT_TRUE((*upload)->Append(sent).ok());
  }

  v1::QueryUploadResponse Query(const std::string& bytes) {
    v1::QueryUploadRequest request;
    request.set_digest(Sha256Hex(bytes));
    return registry_->QueryUpload(request).value_or(v1::QueryUploadResponse());
  }
};

TEST_F(BlobsTest, AreFoundOrMissing) {
  const std::string there = Upload("1");
  const std::string missing = Sha256Hex("2");
  EXPECT_THAT(FindMissing({there, missing})->missing_digests(), ElementsAre(missing));
  EXPECT_THAT(FindMissing({})->missing_digests(), IsEmpty());
}

TEST_F(BlobsTest, NeedProperDigests) {
  for (const std::string& digest : {std::string("../../etc/passwd"), std::string(64, 'A'),
                                    std::string(63, 'a'), std::string()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(FindMissing({digest}).status()));
    v1::QueryUploadRequest query;
    query.set_digest(digest);
    EXPECT_TRUE(absl::IsInvalidArgument(registry_->QueryUpload(query).status()));
    v1::UploadBlobRequest upload;
    upload.set_digest(digest);
    EXPECT_TRUE(absl::IsInvalidArgument(registry_->BeginUpload(upload).status()));
    v1::DownloadBlobRequest download;
    download.set_digest(digest);
    EXPECT_TRUE(absl::IsInvalidArgument(registry_->ReadBlob(download).status()));
  }
  const std::vector<std::string> many(10'001, std::string(64, 'a'));
  EXPECT_TRUE(absl::IsInvalidArgument(FindMissing(many).status()));
}

TEST_F(BlobsTest, TellHowFarAnUploadCame) {
  EXPECT_EQ(Query("abc").committed_bytes(), 0);
  BreakUpload("abc", "ab");
  EXPECT_EQ(Query("abc").committed_bytes(), 2);
  EXPECT_FALSE(Query("abc").complete());
  Upload("abc");
  EXPECT_EQ(Query("abc").committed_bytes(), 3);
  EXPECT_TRUE(Query("abc").complete());
}

TEST_F(BlobsTest, UploadingWhatIsThereTakesNothing) {
  v1::UploadBlobRequest first;
  first.set_digest(Upload("abc"));
  first.set_size_bytes(3);
  const auto upload = registry_->BeginUpload(first);
  ASSERT_TRUE(upload.ok()) << upload.status();
  EXPECT_EQ(*upload, nullptr);
}

TEST_F(BlobsTest, GoAnHourAfterTheLastVersionThatNamesThem) {
  const std::string first = Publish("models/org/a", "shared").name();
  const std::string second = Publish("models/org/b", "shared").name();
  clock_.Advance(absl::Hours(100));
  ASSERT_TRUE(Delete(first).ok());
  clock_.Advance(absl::Hours(100));
  EXPECT_EQ(Collect().deleted_blobs(), 0);
  ASSERT_TRUE(Delete(second).ok());
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Collect().deleted_blobs(), 0);
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(Collect(/*dry_run=*/true).deleted_blobs(), 1);
  const v1::CollectGarbageResponse collected = Collect();
  EXPECT_EQ(collected.deleted_blobs(), 1);
  EXPECT_EQ(collected.freed_bytes(), 6);
  EXPECT_EQ(Collect().deleted_blobs(), 0);
}

TEST_F(BlobsTest, StayAnHourAfterTheyWereFound) {
  const v1::CreateVersionRequest request = Request("models/org/a", "1");
  clock_.Advance(absl::Hours(2));
  EXPECT_THAT(FindMissing({Sha256Hex("1")})->missing_digests(), IsEmpty());
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Collect().deleted_blobs(), 0);
  EXPECT_TRUE(registry_->CreateVersion(request).ok());
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(Collect().deleted_blobs(), 0);
}

// What a crash between the stages of publishing leaves: an upload, and a blob no version names.
TEST_F(BlobsTest, LeftByACrashAreInvisibleAndGo) {
  BreakUpload("abc", "ab");
  Upload("orphan");
  Open();
  v1::ListRepositoriesRequest list;
  EXPECT_THAT(registry_->ListRepositories(list)->repositories(), IsEmpty());
  clock_.Advance(absl::Minutes(59));
  EXPECT_EQ(Collect().freed_bytes(), 0);
  EXPECT_EQ(Query("abc").committed_bytes(), 2);
  clock_.Advance(absl::Minutes(2));
  const v1::CollectGarbageResponse collected = Collect();
  EXPECT_EQ(collected.deleted_blobs(), 1);
  EXPECT_EQ(collected.abandoned_uploads(), 1);
  EXPECT_EQ(collected.freed_bytes(), 8);
  EXPECT_EQ(Query("abc").committed_bytes(), 0);
  EXPECT_THAT(*ListFilesBelow(folder_.path("uploads")), IsEmpty());
}

TEST_F(BlobsTest, ThatTheDiskHasDamagedAreQuarantinedAndCanComeAgain) {
  const std::string digest = Upload("precious");
  const std::string whole = Upload("whole");
  const std::string path =
      folder_.path(absl::StrCat("blobs/sha256/", digest.substr(0, 2), "/", digest));
  ASSERT_TRUE(WriteFileAtomically(path, "previous").ok());
  const auto scrubbed = registry_->Scrub([](int64_t) { return true; });
  ASSERT_TRUE(scrubbed.ok()) << scrubbed.status();
  EXPECT_EQ(scrubbed->blobs, 2);
  EXPECT_THAT(scrubbed->damaged, ElementsAre(digest));
  EXPECT_EQ(*ReadFile(folder_.path("quarantine/" + digest)), "previous");
  EXPECT_THAT(FindMissing({digest, whole})->missing_digests(), ElementsAre(digest));
  Upload("precious");
  EXPECT_THAT(registry_->Scrub([](int64_t) { return true; })->damaged, IsEmpty());
}

TEST_F(BlobsTest, AreReadAgainUntilTheScrubIsEnded) {
  Upload("a");
  Upload("b");
  EXPECT_EQ(registry_->Scrub([](int64_t) { return false; })->blobs, 0);
}

TEST_F(BlobsTest, ThatAreWholeStayOutOfQuarantine) {
  const std::string digest = Upload("whole");
  EXPECT_FALSE(*blobs_->Quarantine(digest));
  EXPECT_THAT(FindMissing({digest})->missing_digests(), IsEmpty());
  EXPECT_TRUE(absl::IsNotFound(blobs_->Quarantine(Sha256Hex("none")).status()));
}

}  // namespace
}  // namespace ropewalk
