#include "services/registry/xet/shard.h"

#include <gtest/gtest.h>

#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

absl::Status Decode(const std::string& bytes, size_t step, Shard* shard) {
  ShardDecoder decoder;
  for (size_t i = 0; i < bytes.size(); i += step) {
    const absl::Status status = decoder.Append(absl::string_view(bytes).substr(i, step));
    if (!status.ok()) return status;
  }
  *shard = decoder.shard();
  return decoder.Finish();
}

absl::Status Decode(const std::string& bytes) {
  Shard shard;
  return Decode(bytes, bytes.size() + 1, &shard);
}

TEST(Shard, OfRealClientsIsReadInPiecesOfAnySize) {
  for (const char* const name : {"mixed", "again", "weights", "tiny"}) {
    const auto upload = GoldenUpload(name);
    const std::string bytes = ReadGolden(absl::StrCat(name, ".shard"));
    for (const size_t step : {size_t{1}, size_t{47}, size_t{48}, size_t{100}, bytes.size()}) {
      Shard shard;
      const absl::Status status = Decode(bytes, step, &shard);
      ASSERT_TRUE(status.ok()) << name << " by " << step << ": " << status;
      ASSERT_EQ(shard.files.size(), 1u);
      EXPECT_EQ(shard.files[0].sha256, upload["sha256"]);
      EXPECT_EQ(shard.files[0].size_bytes(), upload["size"]);
      EXPECT_EQ(XetHashToHex(shard.files[0].hash), upload["hash"]);
    }
  }
}

TEST(Shard, NamesChunksOfEarlierUploads) {
  Shard shard;
  const std::string bytes = ReadGolden("again.shard");
  ASSERT_TRUE(Decode(bytes, bytes.size(), &shard).ok());
  const std::vector<ShardTerm>& terms = shard.files[0].terms;
  ASSERT_EQ(terms.size(), 3u);
  EXPECT_EQ(XetHashToHex(terms[0].xorb), GoldenUpload("mixed")["xorb"]);
  EXPECT_EQ(XetHashToHex(terms[1].xorb), GoldenUpload("again")["xorb"]);
  EXPECT_EQ(terms[2].xorb, terms[0].xorb);
  EXPECT_EQ(terms[2].begin, 2u);
  EXPECT_EQ(terms[2].end, 4u);
}

TEST(Shard, CutShortAnywhereIsRefused) {
  const std::string bytes = ReadGolden("again.shard");
  for (size_t length = 0; length < bytes.size(); ++length) {
    const absl::Status status = Decode(bytes.substr(0, length));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << length << ": " << status;
  }
}

// Lengths above all; nothing may be made room for before it comes.
TEST(Shard, WithAnyBitFlippedIsReadOrRefused) {
  const std::string bytes = ReadGolden("again.shard");
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      Shard shard;
      const absl::Status status = Decode(flipped, flipped.size(), &shard);
      if (!status.ok()) EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    }
  }
}

TEST(Shard, MayHaveFilesWithoutEverything) {
  const std::string xorb(32, 'x');
  const std::string term = ShardRecord(xorb, 0, 10, 0, 1);
  Shard shard;
  const std::string bytes = absl::StrCat(ShardHeader(), ShardRecord(std::string(32, 'a'), 0, 1),
                                         term, ShardRecord(std::string(32, 'b'), 0x40000000, 0),
                                         ShardRecord(std::string(32, 's')), Bookend(), Bookend());
  ASSERT_TRUE(Decode(bytes, 48, &shard).ok());
  ASSERT_EQ(shard.files.size(), 2u);
  EXPECT_EQ(shard.files[0].sha256, "");
  EXPECT_EQ(shard.files[0].size_bytes(), 10);
  EXPECT_EQ(shard.files[1].size_bytes(), 0);
  EXPECT_EQ(shard.files[1].sha256.size(), 64u);
}

TEST(Shard, MayHaveNoFilesAndAFooter) {
  EXPECT_TRUE(Decode(absl::StrCat(ShardHeader(), Bookend(), Bookend())).ok());
  EXPECT_TRUE(
      Decode(absl::StrCat(ShardHeader(2, 200), Bookend(), Bookend(), std::string(200, '\1'))).ok());
}

TEST(Shard, ThatMakesNoSenseIsRefused) {
  const std::string xorb(32, 'x');
  const auto with = [&](uint32_t flags, const std::string& term) {
    return Decode(absl::StrCat(ShardHeader(), ShardRecord(std::string(32, 'a'), flags, 1), term,
                               Bookend(), Bookend()));
  };
  EXPECT_TRUE(with(0, ShardRecord(xorb, 0, 10, 0, 1)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(with(0, ShardRecord(xorb, 0, 10, 1, 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(with(0, ShardRecord(xorb, 0, 10, 2, 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(with(0, ShardRecord(xorb, 0, 0, 0, 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(with(1, ShardRecord(xorb, 0, 10, 0, 1))));
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(absl::StrCat(ShardHeader(3), Bookend(), Bookend()))));
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(std::string(200, 'x'))));
}

TEST(Shard, TooLargeIsRefused) {
  ShardDecoder decoder;
  ASSERT_TRUE(decoder.Append(ShardHeader()).ok());
  ASSERT_TRUE(decoder.Append(Bookend()).ok());
  const std::string piece(1 << 20, '\0');
  absl::Status status;
  int pieces = 0;
  for (; status.ok() && pieces < 100; ++pieces) status = decoder.Append(piece);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(pieces, kMaxShardBytes >> 20);
}

// A shard of some KiB would keep the disk busy for hours, however its files are cut.
TEST(Shard, WhoseFilesAreTooLargeIsRefused) {
  constexpr uint32_t kTermBytes = 1u << 31;
  const uint32_t most_terms = kMaxShardFileBytes / kTermBytes;
  const auto with_terms = [&](uint32_t files, uint32_t terms) {
    std::string bytes = ShardHeader();
    for (uint32_t i = 0; i < files; ++i) {
      bytes += ShardRecord(std::string(32, 'f'), 0x40000000, terms);
      for (uint32_t j = 0; j < terms; ++j)
        bytes += ShardRecord(std::string(32, 'x'), 0, kTermBytes, 0, 3);
      bytes += ShardRecord(std::string(32, 's'));
    }
    return Decode(absl::StrCat(bytes, Bookend(), Bookend()));
  };
  EXPECT_TRUE(with_terms(1, most_terms).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(with_terms(1, most_terms + 1)));
  EXPECT_TRUE(with_terms(4, most_terms / 4).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(with_terms(5, most_terms / 4)));
}

}  // namespace
}  // namespace ropewalk
