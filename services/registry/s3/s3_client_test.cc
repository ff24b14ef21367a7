#include "services/registry/s3/s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/registry/s3/s3_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kLeastPartBytes = 5 << 20;  // Which S3 asks for.

class S3ClientTest : public S3Fixture {
 protected:
  void SetUp() override {
    S3Fixture::SetUp();
    S3Limits limits;
    limits.page_size = 2;
    limits.max_copy_bytes = kLeastPartBytes;
    client_ = std::make_unique<S3Client>(options_, Clock::Real(), limits);
  }

  absl::Status Put(const std::string& key, const std::string& bytes) {
    return client_->Put(key, bytes, Sha256Hex(bytes));
  }

  std::string Read(const std::string& key, int64_t offset, int64_t length) {
    auto download = client_->Get(key, offset, length);
    EXPECT_TRUE(download.ok()) << download.status();
    std::string bytes;
    while (download.ok()) {
      const auto piece = (*download)->Next();
      EXPECT_TRUE(piece.ok()) << piece.status();
      if (!piece.ok() || piece->empty()) break;
      bytes += *piece;
    }
    return bytes;
  }

  std::unique_ptr<S3Client> client_;
};

TEST_F(S3ClientTest, TellsWhatItKnowsOfAnObject) {
  const absl::Time before = absl::Now();
  ASSERT_TRUE(Put("a", "12345").ok());
  const auto object = client_->Head("a");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ(object->size_bytes, 5);
  EXPECT_GE(object->modified, before - absl::Seconds(1));
  EXPECT_LE(object->modified, absl::Now());
  EXPECT_GE(object->age, absl::ZeroDuration());
  EXPECT_LE(object->age, absl::Seconds(10));
  EXPECT_TRUE(absl::IsNotFound(client_->Head("b").status()));
}

TEST_F(S3ClientTest, ReadsStretches) {
  ASSERT_TRUE(Put("a", "0123456789").ok());
  EXPECT_EQ(Read("a", 0, 10), "0123456789");
  EXPECT_EQ(Read("a", 3, 4), "3456");
  EXPECT_TRUE(absl::IsOutOfRange(client_->Get("a", 10, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(client_->Get("b", 0, 1).status()));
}

TEST_F(S3ClientTest, DeletesWhatIsThereAndWhatIsNot) {
  ASSERT_TRUE(Put("a", "1").ok());
  EXPECT_TRUE(client_->Delete("a").ok());
  EXPECT_TRUE(absl::IsNotFound(client_->Head("a").status()));
  EXPECT_TRUE(client_->Delete("a").ok());
}

TEST_F(S3ClientTest, ListsInPages) {
  for (const char* const key : {"x/1", "x/2", "x/3", "x/4", "x/5", "y/1"}) {
    ASSERT_TRUE(Put(key, key).ok());
  }
  const auto objects = client_->List("x/");
  ASSERT_TRUE(objects.ok()) << objects.status();
  std::vector<std::string> keys;
  for (const S3Object& object : *objects) {
    keys.push_back(object.key);
    EXPECT_EQ(object.size_bytes, 3);
    EXPECT_LE(absl::AbsDuration(object.age), absl::Seconds(30));
  }
  EXPECT_THAT(keys, ElementsAre("x/1", "x/2", "x/3", "x/4", "x/5"));
  EXPECT_THAT(*client_->List("z/"), IsEmpty());
}

TEST_F(S3ClientTest, CompletesAnUpload) {
  const std::string first = Pattern(kLeastPartBytes);
  const auto id = client_->BeginUpload("a");
  ASSERT_TRUE(id.ok()) << id.status();
  const auto one = client_->UploadPart("a", *id, 1, first, Sha256Hex(first));
  const auto two = client_->UploadPart("a", *id, 2, "end", Sha256Hex("end"));
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_TRUE(absl::IsNotFound(client_->Head("a").status()));
  const absl::Status completed = client_->CompleteUpload("a", *id, {*one, *two});
  ASSERT_TRUE(completed.ok()) << completed;
  EXPECT_EQ(client_->Head("a")->size_bytes, kLeastPartBytes + 3);
  EXPECT_EQ(Read("a", kLeastPartBytes - 1, 4), first.substr(kLeastPartBytes - 1) + "end");
}

TEST_F(S3ClientTest, ListsUploadsAndTheirPartsInPages) {
  std::vector<std::string> ids;
  for (const char* const key : {"x/1", "x/1", "x/2", "x/3", "y/1"}) {
    ids.push_back(*client_->BeginUpload(key));
  }
  for (int number = 1; number <= 5; ++number) {
    ASSERT_TRUE(client_->UploadPart("x/2", ids[2], number, "1234", Sha256Hex("1234")).ok());
  }
  const auto uploads = client_->ListUploads("x/");
  ASSERT_TRUE(uploads.ok()) << uploads.status();
  ASSERT_THAT(*uploads, SizeIs(4));
  int64_t bytes = 0;
  for (const S3Upload& upload : *uploads) {
    bytes += upload.progress.size_bytes;
    EXPECT_EQ(upload.progress.size_bytes, upload.id == ids[2] ? 20 : 0);
    EXPECT_TRUE(client_->AbortUpload(upload.key, upload.id).ok());
  }
  EXPECT_EQ(bytes, 20);
  EXPECT_THAT(*client_->ListUploads("x/"), IsEmpty());
  EXPECT_TRUE(client_->AbortUpload("x/2", ids[2]).ok());
  EXPECT_TRUE(absl::IsNotFound(client_->UploadPart("x/2", ids[2], 1, "", Sha256Hex("")).status()));
}

TEST_F(S3ClientTest, CopiesAtOnceAndInParts) {
  for (const int64_t size : {int64_t{1000}, 2 * kLeastPartBytes + 5}) {
    const std::string bytes = Pattern(size);
    ASSERT_TRUE(Put("from", bytes).ok());
    const absl::Status status = client_->Copy(*client_->Head("from"), "to");
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_TRUE(Read("to", 0, size) == bytes);  // Too long to print.
  }
  EXPECT_THAT(*client_->ListUploads(""), IsEmpty());
}

TEST_F(S3ClientTest, LeavesNothingOfACopyThatFails) {
  S3Object gone;
  gone.key = "gone";
  gone.size_bytes = 2 * kLeastPartBytes;
  EXPECT_FALSE(client_->Copy(gone, "to").ok());
  EXPECT_TRUE(absl::IsNotFound(client_->Head("to").status()));
  EXPECT_THAT(*client_->ListUploads(""), IsEmpty());
}

}  // namespace
}  // namespace ropewalk
