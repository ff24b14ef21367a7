#include "services/registry/blob_store_suite.h"

#include <thread>
#include <vector>

#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace {

// More than a store sends or writes at once, and not a multiple of that.
std::string Large() {
  std::string bytes((40 << 20) + 7, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

}  // namespace

void BlobStoreSuite::SetUp() {
  place_ = GetParam()();
  auto store = place_->Open();
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
}

std::unique_ptr<BlobUpload> BlobStoreSuite::Begin(const std::string& bytes) {
  auto upload = store_->BeginUpload(Sha256Hex(bytes), bytes.size(), /*offset=*/0);
  EXPECT_TRUE(upload.ok()) << upload.status();
  return upload.ok() ? *std::move(upload) : nullptr;
}

absl::Status BlobStoreSuite::Put(const std::string& bytes) {
  const auto upload = Begin(bytes);
  RETURN_IF_ERROR(upload->Append(bytes));
  return upload->Finish();
}

absl::StatusOr<std::string> BlobStoreSuite::Get(const std::string& digest, int64_t offset,
                                                int64_t length) {
  ASSIGN_OR_RETURN(const auto reader, store_->Read(digest, offset, length));
  std::string bytes;
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    EXPECT_LE(piece.size(), 1 << 20);
    if (piece.empty()) return bytes;
    bytes += piece;
  }
}

TEST_P(BlobStoreSuite, GivesBackWhatWasPut) {
  for (const std::string& bytes : {std::string("abc"), std::string(), std::string(3 << 20, 'x')}) {
    const absl::Status put = Put(bytes);
    ASSERT_TRUE(put.ok()) << put;
    EXPECT_EQ(*Get(Sha256Hex(bytes)), bytes);
    EXPECT_EQ(store_->Stat(Sha256Hex(bytes))->size_bytes, bytes.size());
    EXPECT_EQ(store_->Stat(Sha256Hex(bytes))->name, Sha256Hex(bytes));
  }
  EXPECT_THAT(*store_->ListBlobs(), SizeIs(3));
}

TEST_P(BlobStoreSuite, TakesALargeBlobInPieces) {
  const std::string bytes = Large();
  const std::string digest = Sha256Hex(bytes);
  const auto upload = Begin(bytes);
  for (size_t offset = 0; offset < bytes.size(); offset += 700'001) {
    ASSERT_TRUE(upload->Append(absl::string_view(bytes).substr(offset, 700'001)).ok());
  }
  EXPECT_EQ(upload->committed_bytes(), bytes.size());
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(digest).status()));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
  ASSERT_TRUE(upload->Finish().ok());
  EXPECT_TRUE(*Get(digest) == bytes);  // Too long to print.
  EXPECT_TRUE(*Get(digest, 10'000'001, 5'000'000) == bytes.substr(10'000'001, 5'000'000));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

TEST_P(BlobStoreSuite, ReadsRanges) {
  ASSERT_TRUE(Put("0123456789").ok());
  const std::string digest = Sha256Hex("0123456789");
  EXPECT_EQ(*Get(digest, 3), "3456789");
  EXPECT_EQ(*Get(digest, 3, 2), "34");
  EXPECT_EQ(*Get(digest, 8, 100), "89");
  EXPECT_EQ(*Get(digest, 10), "");
  EXPECT_TRUE(absl::IsOutOfRange(Get(digest, 11).status()));
  EXPECT_TRUE(absl::IsOutOfRange(Get(digest, -1).status()));
  EXPECT_TRUE(absl::IsOutOfRange(Get(digest, 0, -1).status()));
  EXPECT_TRUE(absl::IsNotFound(Get(Sha256Hex("other")).status()));
}

TEST_P(BlobStoreSuite, ShowsNothingBeforeTheEnd) {
  const auto upload = Begin("abc");
  ASSERT_TRUE(upload->Append("abc").ok());
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(Sha256Hex("abc")).status()));
  EXPECT_THAT(*store_->ListBlobs(), IsEmpty());
  ASSERT_TRUE(upload->Finish().ok());
  EXPECT_TRUE(store_->Stat(Sha256Hex("abc")).ok());
}

TEST_P(BlobStoreSuite, RefusesOtherBytes) {
  auto upload = Begin("abc");
  ASSERT_TRUE(upload->Append("abx").ok());
  const absl::Status status = upload->Finish();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(status.message(), HasSubstr(Sha256Hex("abx")));
  upload.reset();
  EXPECT_EQ(*store_->KeptBytes(Sha256Hex("abc")), 0);
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(Sha256Hex("abc")).status()));
}

TEST_P(BlobStoreSuite, RefusesALargeBlobOfOtherBytes) {
  std::string bytes = Large();
  const std::string digest = Sha256Hex(bytes);
  auto upload = Begin(bytes);
  bytes[30'000'000] ^= 1;
  ASSERT_TRUE(upload->Append(bytes).ok());
  EXPECT_TRUE(absl::IsDataLoss(upload->Finish()));
  upload.reset();
  EXPECT_EQ(*store_->KeptBytes(digest), 0);
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(digest).status()));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

TEST_P(BlobStoreSuite, RefusesMoreBytesThanAnnounced) {
  const auto upload = Begin("abc");
  EXPECT_TRUE(absl::IsInvalidArgument(upload->Append("abcd")));
  EXPECT_TRUE(absl::IsInvalidArgument(upload->Append("a")));
  EXPECT_TRUE(absl::IsInvalidArgument(upload->Finish()));
}

TEST_P(BlobStoreSuite, SaysThatBytesAreMissing) {
  const auto upload = Begin("abcdef");
  ASSERT_TRUE(upload->Append("abc").ok());
  EXPECT_TRUE(absl::IsAborted(upload->Finish()));
}

TEST_P(BlobStoreSuite, FinishesOnce) {
  const auto upload = Begin("abc");
  ASSERT_TRUE(upload->Append("abc").ok());
  ASSERT_TRUE(upload->Finish().ok());
  EXPECT_TRUE(absl::IsAborted(upload->Finish()));
}

TEST_P(BlobStoreSuite, KeepsABrokenUploadOrForgetsIt) {
  const std::string bytes = Large();
  const std::string digest = Sha256Hex(bytes);
  ASSERT_TRUE(Begin(bytes)->Append(bytes.substr(0, 20 << 20)).ok());
  const int64_t kept = *store_->KeptBytes(digest);
  EXPECT_EQ(kept, place_->keeps_broken_uploads() ? 20 << 20 : 0);
  EXPECT_THAT(*store_->ListUploads(), SizeIs(place_->keeps_broken_uploads() ? 1 : 0));
  EXPECT_TRUE(absl::IsOutOfRange(store_->BeginUpload(digest, bytes.size(), kept + 1).status()));
  auto upload = store_->BeginUpload(digest, bytes.size(), kept);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append(bytes.substr(kept)).ok());
  ASSERT_TRUE((*upload)->Finish().ok());
  EXPECT_TRUE(*Get(digest) == bytes);  // Too long to print.
}

TEST_P(BlobStoreSuite, CanBeginAfresh) {
  ASSERT_TRUE(Begin("abcdef")->Append("abX").ok());
  ASSERT_TRUE(Put("abcdef").ok());
  EXPECT_EQ(*Get(Sha256Hex("abcdef")), "abcdef");
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

TEST_P(BlobStoreSuite, TakesOneBlobFromTwoAtOnce) {
  auto first = Begin("abc");
  auto second = Begin("abc");
  EXPECT_EQ(*store_->KeptBytes(Sha256Hex("abc")), 0);
  ASSERT_TRUE(first->Append("ab").ok());
  ASSERT_TRUE(second->Append("abc").ok());
  ASSERT_TRUE(second->Finish().ok());
  ASSERT_TRUE(first->Append("c").ok());
  ASSERT_TRUE(first->Finish().ok());
  first.reset();
  second.reset();
  EXPECT_EQ(*Get(Sha256Hex("abc")), "abc");
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

TEST_P(BlobStoreSuite, TakesOneBlobFromManyThreads) {
  const std::string bytes(300'000, 'y');
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(Put(bytes).ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(*Get(Sha256Hex(bytes)), bytes);
  EXPECT_THAT(*store_->ListBlobs(), SizeIs(1));
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
}

TEST_P(BlobStoreSuite, NamesABlobWhenItHasCome) {
  for (const std::string& bytes : {std::string("abc"), std::string(), Large()}) {
    auto upload = store_->BeginUnnamedUpload(bytes.size());
    ASSERT_TRUE(upload.ok()) << upload.status();
    ASSERT_TRUE((*upload)->Append(bytes).ok());
    EXPECT_EQ((*upload)->digest(), "");
    EXPECT_EQ((*upload)->committed_bytes(), bytes.size());
    const absl::Status finished = (*upload)->Finish();
    ASSERT_TRUE(finished.ok()) << finished;
    EXPECT_EQ((*upload)->digest(), Sha256Hex(bytes));
    EXPECT_TRUE(*Get(Sha256Hex(bytes)) == bytes);  // Too long to print.
  }
}

TEST_P(BlobStoreSuite, KeepsNothingOfABrokenUnnamedUpload) {
  auto upload = store_->BeginUnnamedUpload(5);
  ASSERT_TRUE(upload.ok()) << upload.status();
  ASSERT_TRUE((*upload)->Append("abc").ok());
  EXPECT_TRUE(absl::IsInvalidArgument((*upload)->Append("def")));
  EXPECT_TRUE(absl::IsInvalidArgument((*upload)->Finish()));
  upload->reset();
  EXPECT_THAT(*store_->ListUploads(), IsEmpty());
  EXPECT_THAT(*store_->ListBlobs(), IsEmpty());
}

TEST_P(BlobStoreSuite, NoticesDamagedBytes) {
  ASSERT_TRUE(Put("abc").ok());
  ASSERT_TRUE(place_->Damage(Sha256Hex("abc"), "abd").ok());
  const absl::Status status = Get(Sha256Hex("abc")).status();
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(status.message(), HasSubstr(Sha256Hex("abc")));
}

TEST_P(BlobStoreSuite, TakesOnlyDamagedBlobsOutOfSight) {
  const std::string digest = Sha256Hex("abc");
  EXPECT_TRUE(absl::IsNotFound(store_->Quarantine(digest).status()));
  ASSERT_TRUE(Put("abc").ok());
  EXPECT_FALSE(*store_->Quarantine(digest));
  EXPECT_EQ(*Get(digest), "abc");
  ASSERT_TRUE(place_->Damage(digest, "abd").ok());
  EXPECT_TRUE(*store_->Quarantine(digest));
  EXPECT_TRUE(absl::IsNotFound(store_->Stat(digest).status()));
  EXPECT_THAT(*store_->ListBlobs(), IsEmpty());
  ASSERT_TRUE(Put("abc").ok());
  EXPECT_EQ(*Get(digest), "abc");
}

TEST_P(BlobStoreSuite, DeletesOnlyWhatWasNotTouched) {
  ASSERT_TRUE(Put("abc").ok());
  const std::string digest = Sha256Hex("abc");
  const absl::Time put = store_->Stat(digest)->touched;
  ASSERT_TRUE(place_->TouchAfter(store_.get(), digest, put).ok());
  const absl::Time touched = store_->Stat(digest)->touched;
  ASSERT_GT(touched, put);
  const auto blobs = store_->ListBlobs();
  ASSERT_THAT(*blobs, SizeIs(1));
  EXPECT_EQ((*blobs)[0].name, digest);
  EXPECT_EQ((*blobs)[0].size_bytes, 3);
  EXPECT_EQ((*blobs)[0].touched, touched);
  EXPECT_FALSE(*store_->DeleteBlobIfOlder(digest, put + (touched - put) / 2));
  EXPECT_EQ(*Get(digest), "abc");
  EXPECT_TRUE(*store_->DeleteBlobIfOlder(digest, touched + absl::Hours(1)));
  EXPECT_FALSE(*store_->DeleteBlobIfOlder(digest, touched + absl::Hours(1)));
  EXPECT_TRUE(absl::IsNotFound(store_->Touch(digest)));
  EXPECT_THAT(*store_->ListBlobs(), IsEmpty());
}

TEST_P(BlobStoreSuite, KeepsBlobsOverARestart) {
  ASSERT_TRUE(Put("abc").ok());
  store_.reset();
  auto store = place_->Open();
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
  EXPECT_EQ(*Get(Sha256Hex("abc")), "abc");
}

}  // namespace ropewalk
