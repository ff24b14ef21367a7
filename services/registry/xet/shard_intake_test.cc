#include "services/registry/xet/shard_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

class ShardIntakeTest : public XetFixture {
 protected:
  absl::Status Take(const std::string& bytes, int64_t work = 1 << 20) {
    ShardDecoder decoder;
    EXPECT_TRUE(decoder.Append(bytes).ok());
    EXPECT_TRUE(decoder.Finish().ok());
    ShardIntake intake(decoder.shard(), store_.get(), blobs_.get());
    while (true) {
      const absl::StatusOr<bool> done = intake.Step(work);
      if (!done.ok()) return done.status();
      if (*done) break;
    }
    EXPECT_EQ(intake.done_work(), intake.total_work());
    return absl::OkStatus();
  }

  void UploadGolden(const std::string& name) {
    const absl::Status status =
        TryUpload(ParsedHash(GoldenUpload(name)["xorb"]), ReadGolden(name + ".xorb"));
    EXPECT_TRUE(status.ok()) << status;
  }

  const TestXorb xorb_ = MakeXorb({"one", "two", "three"});
  const TestXorb other_ = MakeXorb({"four", "five"});
};

TEST_F(ShardIntakeTest, MakesTheFilesOfRealClients) {
  for (const char* const name : {"mixed", "again", "weights", "tiny"}) {
    UploadGolden(name);
    const absl::Status status = Take(ReadGolden(absl::StrCat(name, ".shard")));
    ASSERT_TRUE(status.ok()) << name << ": " << status;
    const auto upload = GoldenUpload(name);
    const absl::StatusOr<BlobInfo> blob = blobs_->Stat(upload["sha256"]);
    ASSERT_TRUE(blob.ok()) << name << ": " << blob.status();
    EXPECT_EQ(blob->size_bytes, upload["size"]);
    EXPECT_EQ(Sha256Hex(ReadBlob(upload["sha256"])), upload["sha256"]);
    // All of it is in the blob now.
    EXPECT_EQ(store_->waiting_bytes(), 0);
  }
}

TEST_F(ShardIntakeTest, MakesFilesOfSeveralXorbsInAnyOrder) {
  Upload(xorb_);
  Upload(other_);
  const TestFile file{{{&other_, 1, 2}, {&xorb_, 0, 2}, {&other_, 0, 2}, {&xorb_, 2, 3}}};
  const TestFile empty;
  ASSERT_TRUE(Take(MakeShard({file, empty}), /*work=*/1).ok());
  EXPECT_EQ(ReadBlob(Sha256Hex(file.bytes())), "fiveonetwofourfivethree");
  EXPECT_TRUE(HasBlob(Sha256Hex("")));
  EXPECT_EQ(store_->waiting_bytes(), 0);
}

TEST_F(ShardIntakeTest, TakesChunksOfFilesMadeEarlier) {
  Upload(xorb_);
  ASSERT_TRUE(Take(MakeShard({TestFile{{{&xorb_, 0, 3}}}})).ok());
  EXPECT_EQ(store_->waiting_bytes(), 0);
  Open();
  Upload(other_);
  const TestFile file{{{&xorb_, 1, 3}, {&other_, 0, 2}}};
  ASSERT_TRUE(Take(MakeShard({file})).ok());
  EXPECT_EQ(ReadBlob(Sha256Hex(file.bytes())), "twothreefourfive");
}

TEST_F(ShardIntakeTest, LeavesChunksThatOtherShardsMayName) {
  Upload(xorb_);
  ASSERT_TRUE(Take(MakeShard({TestFile{{{&xorb_, 0, 2}}}})).ok());
  EXPECT_GT(store_->waiting_bytes(), 0);
  ASSERT_TRUE(Take(MakeShard({TestFile{{{&xorb_, 2, 3}}}})).ok());
  EXPECT_EQ(store_->waiting_bytes(), 0);
}

TEST_F(ShardIntakeTest, SaysWhatIsMissing) {
  Upload(xorb_);
  const std::string generation = store_->generation();
  const TestFile file{{{&xorb_, 0, 3}, {&other_, 0, 2}}};
  const absl::Status status = Take(MakeShard({file}));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(XetHashToHex(other_.hash)));
  EXPECT_FALSE(HasBlob(Sha256Hex(file.bytes())));
  // So that the client sends it when it tries again.
  EXPECT_NE(store_->generation(), generation);
  Upload(other_);
  EXPECT_TRUE(Take(MakeShard({file})).ok());
  EXPECT_TRUE(HasBlob(Sha256Hex(file.bytes())));
}

TEST_F(ShardIntakeTest, TakesAFileThatIsThere) {
  const TestFile file{{{&xorb_, 0, 3}}};
  Upload(xorb_);
  ASSERT_TRUE(Take(MakeShard({file})).ok());
  // Another client, which does not know.
  Upload(xorb_);
  EXPECT_GT(store_->waiting_bytes(), 0);
  ASSERT_TRUE(Take(MakeShard({file})).ok());
  EXPECT_EQ(store_->waiting_bytes(), 0);
  EXPECT_EQ(ReadBlob(Sha256Hex(file.bytes())), "onetwothree");
}

TEST_F(ShardIntakeTest, DoesNotBelieveThatChunksLieInAFileThatIsThere) {
  Upload(xorb_);
  ASSERT_TRUE(Take(MakeShard({TestFile{{{&xorb_, 0, 3}}}})).ok());
  // As long, but not the same.
  const TestXorb liar = MakeXorb({"eno", "owt", "eerht"});
  Upload(liar);
  const absl::Status status =
      Take(MakeShard({TestFile{{{&liar, 0, 3}}, Sha256Hex("onetwothree")}}));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(ReadChunks(liar.hash, 0, 3), "enoowteerht");
  const TestXorb longer = MakeXorb({"one", "two", "three", "."});
  Upload(longer);
  EXPECT_TRUE(absl::IsInvalidArgument(
      Take(MakeShard({TestFile{{{&longer, 0, 4}}, Sha256Hex("onetwothree")}}))));
}

TEST_F(ShardIntakeTest, TakesTheSameFromSeveralClientsAtATime) {
  const TestFile file{{{&xorb_, 0, 3}, {&other_, 0, 2}}};
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        for (const TestXorb* xorb : {&xorb_, &other_}) {
          if (!Has(xorb->hash)) Upload(*xorb);
        }
        const absl::Status status = Take(MakeShard({file}));
        EXPECT_TRUE(status.ok()) << status;
        EXPECT_TRUE(store_->Collect().ok());
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(ReadBlob(Sha256Hex(file.bytes())), "onetwothreefourfive");
  // What came late, after the note was there, goes with the next file that is made of it.
  EXPECT_TRUE(Take(MakeShard({file})).ok());
  EXPECT_EQ(store_->waiting_bytes(), 0);
}

TEST_F(ShardIntakeTest, RefusesAnotherDigest) {
  Upload(xorb_);
  const std::string digest = Sha256Hex("another file");
  const absl::Status status = Take(MakeShard({TestFile{{{&xorb_, 0, 3}}, digest}}));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_FALSE(HasBlob(digest));
  EXPECT_TRUE(Has(xorb_.hash)) << "the xorb is good";
}

TEST_F(ShardIntakeTest, RefusesChunksOfAnotherSize) {
  Upload(xorb_);
  const std::string digest = Sha256Hex("onetwothree");
  const std::string shard =
      absl::StrCat(ShardHeader(), ShardRecord(std::string(32, 'f'), 0x40000000, 1),
                   ShardRecord(RawHash(xorb_.hash), 0, 12, 0, 3),
                   ShardRecord(RawHash(ParsedHash(digest))), Bookend(), Bookend());
  const absl::Status status = Take(shard);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("have 11 bytes, not 12"));
}

TEST_F(ShardIntakeTest, RefusesAFileWithoutADigest) {
  Upload(xorb_);
  const std::string shard =
      absl::StrCat(ShardHeader(), ShardRecord(std::string(32, 'f'), 0, 1),
                   ShardRecord(RawHash(xorb_.hash), 0, 11, 0, 3), Bookend(), Bookend());
  EXPECT_TRUE(absl::IsInvalidArgument(Take(shard)));
}

TEST_F(ShardIntakeTest, DropsAXorbThatTheDiskHasDamaged) {
  Upload(xorb_);
  std::string bytes = *ReadFile(XorbPath(xorb_.hash));
  bytes[kChunkHeaderBytes] = 'x';
  ASSERT_TRUE(WriteFileAtomically(XorbPath(xorb_.hash), bytes).ok());
  const TestFile file{{{&xorb_, 0, 3}}};
  EXPECT_TRUE(absl::IsInvalidArgument(Take(MakeShard({file}))));
  // The client is asked to send it when it tries again.
  EXPECT_FALSE(Has(xorb_.hash));
  Upload(xorb_);
  EXPECT_TRUE(Take(MakeShard({file})).ok());
}

}  // namespace
}  // namespace ropewalk
