#include "services/registry/s3/s3_blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/registry/blob_store_suite.h"
#include "services/registry/s3/s3_fixture.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/reserved_address.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BucketPlace final : public BlobPlace {
 public:
  absl::StatusOr<std::unique_ptr<BlobStore>> Open() override {
    if (!SharedS3Server().ok()) return SharedS3Server().status();
    if (options_.bucket.empty()) options_ = (*SharedS3Server())->NewPrefix();
    return S3BlobStore::Open(options_);
  }
  bool keeps_broken_uploads() const override { return false; }
  absl::Status TouchAfter(BlobStore* store, const std::string& digest, absl::Time before) override {
    // The store tells times in whole seconds.
    return Until(absl::Seconds(10), [&] {
      return store->Touch(digest).ok() && store->Stat(digest)->touched > before;
    });
  }
  absl::Status Damage(const std::string& digest, const std::string& bytes) override {
    return S3Client(options_, Clock::Real()).Put("blobs/" + digest, bytes, Sha256Hex(bytes));
  }

 private:
  S3Options options_;
};

std::unique_ptr<BlobPlace> MakePlace() { return std::make_unique<BucketPlace>(); }

INSTANTIATE_TEST_SUITE_P(S3, BlobStoreSuite, ::testing::Values(&MakePlace));

using S3BlobStoreTest = S3Fixture;

TEST_F(S3BlobStoreTest, SaysWhatIsWrongWithTheCredentials) {
  S3Options options = options_;
  options.credentials.access_key_id = "nobody";
  absl::Status status = S3BlobStore::Open(options).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("correct AWS_ACCESS_KEY_ID"));
  options = options_;
  options.credentials.secret_access_key = "guess";
  status = S3BlobStore::Open(options).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("correct AWS_SECRET_ACCESS_KEY"));
}

TEST_F(S3BlobStoreTest, SaysThatThereIsNoBucket) {
  options_.bucket = "nowhere";
  const absl::Status status = S3BlobStore::Open(options_).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("bucket nowhere"));
  EXPECT_THAT(status.message(), HasSubstr("make the bucket"));
}

TEST_F(S3BlobStoreTest, SaysThatTheStoreCannotBeReached) {
  const ReservedAddress nobody;
  options_.endpoint = absl::StrCat("http://", nobody.text());
  const absl::Status status = S3BlobStore::Open(options_).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("tried 5 times"));
}

TEST_F(S3BlobStoreTest, KeepsPrefixesApart) {
  const auto here = Open();
  const auto there = Open(server_->NewPrefix());
  ASSERT_TRUE(Put(here.get(), "abc").ok());
  EXPECT_TRUE(absl::IsNotFound(there->Stat(Sha256Hex("abc")).status()));
  EXPECT_THAT(*there->ListBlobs(), IsEmpty());
}

TEST_F(S3BlobStoreTest, ListsOnlyBlobs) {
  const auto store = Open();
  ASSERT_TRUE(Client().Put("blobs/README", "hi", Sha256Hex("hi")).ok());
  EXPECT_THAT(*store->ListBlobs(), IsEmpty());
}

TEST_F(S3BlobStoreTest, AbortsABrokenUpload) {
  const auto store = Open();
  const std::string bytes = Pattern(20 << 20);
  {
    const auto upload = Begin(store.get(), bytes);
    ASSERT_TRUE(upload->Append(absl::string_view(bytes).substr(0, 17 << 20)).ok());
    EXPECT_THAT(*Client().ListUploads("blobs/"), SizeIs(1));
  }
  EXPECT_THAT(*Client().ListUploads("blobs/"), IsEmpty());
}

TEST_F(S3BlobStoreTest, FindsWhatAnotherProcessHasLeft) {
  const auto dead = Open();
  const std::string bytes = Pattern(20 << 20);
  const auto upload = Begin(dead.get(), bytes);
  ASSERT_TRUE(upload->Append(absl::string_view(bytes).substr(0, 17 << 20)).ok());
  EXPECT_THAT(*Open()->ListUploads(), IsEmpty()) << "it may run still";

  options_.abandoned_after = absl::ZeroDuration();
  const auto store = Open();
  const auto uploads = store->ListUploads();
  ASSERT_THAT(*uploads, SizeIs(1));
  EXPECT_EQ((*uploads)[0].size_bytes, 16 << 20);
  const std::string name = (*uploads)[0].name;
  EXPECT_FALSE(*store->DeleteUploadIfOlder(name, absl::Now() - absl::Hours(1)));
  EXPECT_TRUE(*store->DeleteUploadIfOlder(name, absl::Now() + absl::Hours(1)));
  EXPECT_FALSE(*store->DeleteUploadIfOlder(name, absl::Now() + absl::Hours(1)));
  EXPECT_THAT(*store->ListUploads(), IsEmpty());

  // If it runs after all, it fails.
  absl::Status status = upload->Append(absl::string_view(bytes).substr(17 << 20));
  if (status.ok()) status = upload->Finish();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_TRUE(absl::IsNotFound(store->Stat(Sha256Hex(bytes)).status()));
}

TEST_F(S3BlobStoreTest, LeavesItsOwnUploadsAloneWhileTheyRun) {
  options_.abandoned_after = absl::ZeroDuration();
  const auto store = Open();
  const std::string bytes = Pattern(20 << 20);
  const auto upload = Begin(store.get(), bytes);
  ASSERT_TRUE(upload->Append(bytes).ok());
  EXPECT_THAT(*store->ListUploads(), IsEmpty());
  const auto uploads = Open()->ListUploads();
  ASSERT_THAT(*uploads, SizeIs(1));
  EXPECT_FALSE(*store->DeleteUploadIfOlder((*uploads)[0].name, absl::Now() + absl::Hours(1)));
  EXPECT_TRUE(upload->Finish().ok());
}

// Which may say of it that it is as old as its upload.
TEST_F(S3BlobStoreTest, TouchesABlobThatCameInParts) {
  const auto store = Open();
  const std::string bytes = Pattern(17 << 20);
  ASSERT_TRUE(Put(store.get(), bytes).ok());
  const auto touch = Client().Head("touched/" + Sha256Hex(bytes));
  ASSERT_TRUE(touch.ok()) << touch.status();
  EXPECT_GE(store->Stat(Sha256Hex(bytes))->touched, touch->modified);
}

TEST_F(S3BlobStoreTest, AsksTheStoresClockWhetherABlobIsOld) {
  const FakeClock ahead(absl::Now() + absl::Minutes(10));
  const auto store = Open(options_, &ahead);
  ASSERT_TRUE(Put(store.get(), "abc").ok());
  EXPECT_FALSE(*store->DeleteBlobIfOlder(Sha256Hex("abc"), ahead.Now() - absl::Minutes(5)));
  EXPECT_TRUE(*store->DeleteBlobIfOlder(Sha256Hex("abc"), ahead.Now() + absl::Minutes(5)));
}

TEST_F(S3BlobStoreTest, SpoolsWithoutLeavingFiles) {
  const TemporaryFolder folder;
  options_.spool_folder = folder.path("made/for/it");
  const auto store = Open();
  auto upload = store->BeginUnnamedUpload(3);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append("abc").ok());
  EXPECT_THAT(*ListFilesBelow(folder.path()), IsEmpty());
  EXPECT_TRUE((*upload)->Finish().ok());
}

TEST_F(S3BlobStoreTest, SendsASpooledBlobOnlyIfItIsNotThere) {
  const auto store = Open();
  ASSERT_TRUE(Put(store.get(), "abc").ok());
  const absl::Time stored = Client().Head("blobs/" + Sha256Hex("abc"))->modified;
  ASSERT_TRUE(Until(absl::Seconds(10), [&] {
                const auto upload = store->BeginUnnamedUpload(3);
                return (*upload)->Append("abc").ok() && (*upload)->Finish().ok() &&
                       store->Stat(Sha256Hex("abc"))->touched > stored;
              }).ok());
  EXPECT_EQ(Client().Head("blobs/" + Sha256Hex("abc"))->modified, stored);
}

TEST_F(S3BlobStoreTest, KeepsDamagedBytesAside) {
  const auto store = Open();
  ASSERT_TRUE(Put(store.get(), "abc").ok());
  const std::string digest = Sha256Hex("abc");
  ASSERT_TRUE(Client().Put("blobs/" + digest, "abd", Sha256Hex("abd")).ok());
  EXPECT_TRUE(*store->Quarantine(digest));
  const auto aside = Client().List("quarantine/");
  ASSERT_THAT(*aside, SizeIs(1));
  EXPECT_EQ((*aside)[0].key, "quarantine/" + digest);
  const S3Client client = Client();
  EXPECT_EQ(*(*client.Get("quarantine/" + digest, 0, 3))->Next(), "abd");
}

TEST_F(S3BlobStoreTest, AnswersToBucketsNamedInTheHost) {
  options_.endpoint = server_->domain_endpoint();
  options_.path_style = false;
  const auto store = Open();
  ASSERT_TRUE(Put(store.get(), "abc").ok());
  EXPECT_EQ(*Get(*store, Sha256Hex("abc")), "abc");
  EXPECT_THAT(*store->ListBlobs(), SizeIs(1));
}

}  // namespace
}  // namespace ropewalk
