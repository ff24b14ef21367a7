#include "worker/ring/chunk_header.h"

#include <gtest/gtest.h>

namespace ropewalk {
namespace {

ChunkHeader Example() {
  ChunkHeader header;
  header.op = ReduceOp::kSumFloat32;
  header.buffer = 7;
  header.generation = 0x0102030405060708;
  header.step = 1000;
  header.attempt = 3;
  header.fingerprint = 0xfedcba98;
  header.ring_step = 5;
  header.block = 6;
  header.chunk = 70'000;
  header.offset = int64_t{1} << 40;
  header.length = 512 << 10;
  header.payload_crc = 0xcafef00d;
  header.element_sum = 0x89abcdef;
  return header;
}

TEST(ChunkHeader, ComesBackAsItWent) {
  const absl::StatusOr<ChunkHeader> header = DecodeChunkHeader(EncodeChunkHeader(Example()));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(*header, Example());
}

TEST(ChunkHeader, IsLittleEndianAtThePublishedPlaces) {
  const EncodedChunkHeader bytes = EncodeChunkHeader(Example());
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "RWCH");
  EXPECT_EQ(bytes[4], 3);     // version
  EXPECT_EQ(bytes[8], 0x08);  // generation
  EXPECT_EQ(bytes[15], 0x01);
  EXPECT_EQ(bytes[56], 0x0d);  // payload CRC
  EXPECT_EQ(bytes[59], 0xca);
  EXPECT_EQ(bytes[60], 0xef);  // sum
}

TEST(ChunkHeader, EveryFlippedBitIsDataLoss) {
  const EncodedChunkHeader good = EncodeChunkHeader(Example());
  for (int bit = 0; bit < kChunkHeaderBytes * 8; ++bit) {
    EncodedChunkHeader bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_TRUE(absl::IsDataLoss(DecodeChunkHeader(bad).status())) << "bit " << bit;
  }
}

TEST(ChunkHeader, RefusesAnUnknownKind) {
  ChunkHeader header = Example();
  header.kind = static_cast<ChunkKind>(9);
  const absl::Status status = DecodeChunkHeader(EncodeChunkHeader(header)).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
}

}  // namespace
}  // namespace ropewalk
