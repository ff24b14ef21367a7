#include "services/registry/xet/xet_store.h"

#include <gtest/gtest.h>

#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

class XetStoreTest : public XetFixture {
 protected:
  // As if a file had been made of the chunks.
  std::string PutBlob(const std::string& bytes) {
    const std::string digest = Sha256Hex(bytes);
    auto upload = blobs_->BeginUpload(digest, bytes.size(), 0);
    EXPECT_TRUE(upload.ok() && (*upload)->Append(bytes).ok() && (*upload)->Finish().ok());
    return digest;
  }

  void AddPlace(const TestXorb& xorb, const ChunkPlace& place) {
    const absl::Status status = store_->AddPlaces(xorb.hash, {place});
    EXPECT_TRUE(status.ok()) << status;
  }

  // Overwrites a byte of a xorb's file.
  void Damage(const TestXorb& xorb, size_t offset) {
    std::string bytes = *ReadFile(XorbPath(xorb.hash));
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    EXPECT_TRUE(WriteFileAtomically(XorbPath(xorb.hash), bytes).ok());
  }

  const TestXorb xorb_ = MakeXorb({"one", "two", "three"});
};

TEST_F(XetStoreTest, FindsWhatWasUploaded) {
  EXPECT_FALSE(Has(xorb_.hash));
  Upload(xorb_);
  EXPECT_TRUE(Has(xorb_.hash));
  EXPECT_EQ(ReadChunks(xorb_.hash, 0, 3), "onetwothree");
  EXPECT_EQ(ReadChunks(xorb_.hash, 1, 2), "two");
  EXPECT_EQ(ReadChunks(xorb_.hash, 2, 3), "three");
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Read(xorb_.hash, 2, 4).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Read(xorb_.hash, 2, 2).status()));
}

TEST_F(XetStoreTest, KeepsNothingOfABrokenOrWrongUpload) {
  {
    auto upload = store_->BeginUpload(xorb_.hash);
    ASSERT_TRUE(upload.ok());
    EXPECT_TRUE((*upload)->Append(xorb_.bytes.substr(0, 15)).ok());
    EXPECT_GT(store_->waiting_bytes(), 0);
  }
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(TryUpload(HashChunk("other"), xorb_.bytes)));
  EXPECT_TRUE(absl::IsInvalidArgument(TryUpload(xorb_.hash, xorb_.bytes + "x")));
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_FALSE(Has(xorb_.hash));
}

TEST_F(XetStoreTest, TakesNoMoreThanItMay) {
  Open(/*max_bytes=*/100);
  Upload(xorb_);
  const int64_t before = store_->waiting_bytes();
  const TestXorb large = MakeXorb({std::string(200, 'x')});
  EXPECT_TRUE(absl::IsResourceExhausted(TryUpload(large.hash, large.bytes)));
  EXPECT_EQ(store_->waiting_bytes(), before);
  EXPECT_TRUE(Has(xorb_.hash));
}

TEST_F(XetStoreTest, SurvivesARestart) {
  Upload(xorb_);
  const int64_t bytes = store_->waiting_bytes();
  const std::string generation = store_->generation();
  EXPECT_EQ(generation.size(), 16u);
  Open();
  EXPECT_EQ(store_->waiting_bytes(), bytes);
  EXPECT_EQ(store_->generation(), generation);
  EXPECT_EQ(ReadChunks(xorb_.hash, 0, 3), "onetwothree");
}

TEST_F(XetStoreTest, UploadedTwiceCountsOnce) {
  Upload(xorb_);
  const int64_t bytes = store_->waiting_bytes();
  Upload(xorb_);
  EXPECT_EQ(store_->waiting_bytes(), bytes);
}

TEST_F(XetStoreTest, DropsAXorbWhoseChunksLieInBlobs) {
  Upload(xorb_);
  AddPlace(xorb_, {0, 2, PutBlob("..onetwo"), 2});
  EXPECT_GT(store_->waiting_bytes(), 0);
  AddPlace(xorb_, {2, 3, PutBlob("three"), 0});
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_TRUE(Has(xorb_.hash));
  EXPECT_EQ(ReadChunks(xorb_.hash, 0, 3), "onetwothree");
  EXPECT_EQ(ReadChunks(xorb_.hash, 1, 3), "twothree");
  Open();
  EXPECT_EQ(ReadChunks(xorb_.hash, 1, 2), "two");
}

TEST_F(XetStoreTest, ForgetsAXorbWhoseBlobIsGone) {
  Upload(xorb_);
  const std::string blob = PutBlob("onetwothree");
  AddPlace(xorb_, {0, 3, blob, 0});
  const std::string generation = store_->generation();
  DeleteBlob(blob);
  EXPECT_FALSE(Has(xorb_.hash));
  EXPECT_EQ(store_->generation(), generation);
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Read(xorb_.hash, 0, 3).status()));
  EXPECT_NE(store_->generation(), generation);
  // It can come again, and lie elsewhere.
  Upload(xorb_);
  AddPlace(xorb_, {0, 3, PutBlob("-onetwothree"), 1});
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_EQ(ReadChunks(xorb_.hash, 0, 3), "onetwothree");
}

TEST_F(XetStoreTest, BeginsAGenerationWhenABlobIsCollected) {
  Upload(xorb_);
  const std::string blob = PutBlob("onetwothree");
  AddPlace(xorb_, {0, 3, blob, 0});
  const TestXorb other = MakeXorb({"four", "five"});
  Upload(other);
  AddPlace(other, {0, 2, PutBlob("fourfive"), 0});
  const std::string generation = store_->generation();
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_EQ(store_->generation(), generation);
  DeleteBlob(blob);
  EXPECT_EQ(*store_->Collect(), 0);
  const std::string next = store_->generation();
  EXPECT_NE(next, generation);
  EXPECT_TRUE(Has(other.hash));
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_EQ(store_->generation(), next);
}

TEST_F(XetStoreTest, GoesOnWhileAnotherBlobOrTheXorbHasTheChunks) {
  Upload(xorb_);
  const std::string first = PutBlob("one");
  AddPlace(xorb_, {0, 1, first, 0});
  const std::string generation = store_->generation();
  DeleteBlob(first);
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_EQ(store_->generation(), generation);
  EXPECT_EQ(ReadChunks(xorb_.hash, 0, 3), "onetwothree");
  AddPlace(xorb_, {0, 3, PutBlob("onetwothree"), 0});
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_EQ(store_->generation(), generation);
}

TEST_F(XetStoreTest, KeepsABlobThatIsUsed) {
  Upload(xorb_);
  const std::string blob = PutBlob("onetwothree");
  AddPlace(xorb_, {0, 3, blob, 0});
  clock_.Advance(absl::Hours(5));
  EXPECT_TRUE(Has(xorb_.hash));
  EXPECT_FALSE(*blobs_->DeleteBlobIfOlder(blob, clock_.Now() - absl::Hours(1)));
}

TEST_F(XetStoreTest, DropsWhatWaitsTooLong) {
  Upload(xorb_);
  clock_.Advance(absl::Hours(23));
  const TestXorb young = MakeXorb({"young"});
  Upload(young);
  const std::string generation = store_->generation();
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_EQ(store_->generation(), generation);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(*store_->Collect(), 1);
  // Clients must not count on it any more.
  EXPECT_NE(store_->generation(), generation);
  EXPECT_FALSE(Has(xorb_.hash));
  EXPECT_TRUE(Has(young.hash));
}

TEST_F(XetStoreTest, KeepsWhatIsUsedAgain) {
  Upload(xorb_);
  clock_.Advance(absl::Hours(23));
  EXPECT_TRUE(Has(xorb_.hash));
  clock_.Advance(absl::Hours(23));
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_TRUE(Has(xorb_.hash));
}

TEST_F(XetStoreTest, ForgetsPlacesThatNobodyUses) {
  Upload(xorb_);
  AddPlace(xorb_, {0, 3, PutBlob("onetwothree"), 0});
  clock_.Advance(absl::Hours(24 * 29));
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_TRUE(Has(xorb_.hash));
  clock_.Advance(absl::Hours(24 * 31));
  EXPECT_EQ(*store_->Collect(), 0);
  EXPECT_FALSE(Has(xorb_.hash));
}

TEST_F(XetStoreTest, DropsADamagedXorbWhenAsked) {
  Upload(xorb_);
  EXPECT_TRUE(store_->Recheck(xorb_.hash).ok());
  EXPECT_TRUE(Has(xorb_.hash));
  Damage(xorb_, kChunkHeaderBytes);
  const std::string generation = store_->generation();
  EXPECT_TRUE(store_->Recheck(xorb_.hash).ok());
  EXPECT_FALSE(Has(xorb_.hash));
  EXPECT_NE(store_->generation(), generation);
}

TEST_F(XetStoreTest, DoesNotTakeATornFileForAXorb) {
  Upload(xorb_);
  const std::string bytes = *ReadFile(XorbPath(xorb_.hash));
  for (size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_TRUE(WriteFileAtomically(XorbPath(xorb_.hash), bytes.substr(0, length)).ok());
    EXPECT_FALSE(Has(xorb_.hash)) << length;
  }
}

TEST_F(XetStoreTest, SurvivesAnyDamage) {
  Upload(xorb_);
  const std::string bytes = *ReadFile(XorbPath(xorb_.hash));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x80);
    ASSERT_TRUE(WriteFileAtomically(XorbPath(xorb_.hash), damaged).ok());
    ReadChunks(xorb_.hash, 0, 3);
    ReadChunks(xorb_.hash, 1, 2);
    EXPECT_TRUE(store_->Recheck(xorb_.hash).ok());
  }
}

}  // namespace
}  // namespace ropewalk
