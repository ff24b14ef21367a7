#include "services/registry/xet/xorb.h"

#include <gtest/gtest.h>

#include "services/registry/xet/xet_fixture.h"

namespace ropewalk {
namespace {

constexpr Compression kAll[] = {Compression::kNone, Compression::kLz4, Compression::kGroupedLz4};

absl::Status Decode(const std::string& bytes, const XetHash& expected, size_t step,
                    XorbDecoder* decoder) {
  for (size_t i = 0; i < bytes.size(); i += step) {
    const absl::Status status = decoder->Append(absl::string_view(bytes).substr(i, step));
    if (!status.ok()) return status;
  }
  return decoder->Finish(expected);
}

absl::Status Decode(const std::string& bytes, const XetHash& expected) {
  XorbDecoder decoder;
  return Decode(bytes, expected, bytes.size() + 1, &decoder);
}

// Some bytes of each length that compress a little.
std::string Bytes(size_t length) {
  std::string bytes;
  for (size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(i % 7 == 0 ? i / 7 : 'x'));
  return bytes;
}

TEST(Xorb, OfRealClientsIsAsTheySayInPiecesOfAnySize) {
  for (const char* const name : {"mixed", "again", "weights", "tiny"}) {
    const auto upload = GoldenUpload(name);
    const std::string bytes = ReadGolden(absl::StrCat(name, ".xorb"));
    for (const size_t step : {size_t{1}, size_t{7}, size_t{4096}, bytes.size()}) {
      XorbDecoder decoder;
      const absl::Status status = Decode(bytes, ParsedHash(upload["xorb"]), step, &decoder);
      ASSERT_TRUE(status.ok()) << name << " by " << step << ": " << status;
      ASSERT_EQ(decoder.ends().size(), upload["chunks"].size());
      size_t size = 0;
      for (size_t i = 0; i < decoder.ends().size(); ++i) {
        size += upload["chunks"][i]["size"].get<size_t>();
        EXPECT_EQ(decoder.ends()[i].size, size);
      }
      EXPECT_EQ(decoder.ends().back().stored, bytes.size());
    }
  }
}

TEST(Xorb, UnpacksEveryCompressionAtEveryLength) {
  for (const Compression compression : kAll) {
    for (size_t length = 1; length < 40; ++length) {
      const TestXorb xorb = MakeXorb({Bytes(length), Bytes(3 * length)}, compression);
      const absl::Status status = Decode(xorb.bytes, xorb.hash);
      EXPECT_TRUE(status.ok()) << length << ": " << status;
    }
    const TestXorb largest = MakeXorb({Bytes(kMaxChunkBytes)}, compression);
    EXPECT_TRUE(Decode(largest.bytes, largest.hash).ok());
  }
}

// The same twice, and nothing else that is the same: so it can be compressed in one way only.
std::string Twice(size_t length) {
  std::string bytes;
  for (size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(5 * i));
  return bytes + bytes;
}

// Chunks of all compressions; small, so that everything can be tried.
TestXorb Small() {
  TestXorb small = MakeXorb({Twice(20), Twice(48), Twice(50)});
  small.bytes.clear();
  for (size_t i = 0; i < small.chunks.size(); ++i) {
    small.bytes += StoredChunk(small.chunks[i], kAll[i]);
  }
  return small;
}

TEST(Xorb, CutShortAnywhereIsRefused) {
  const TestXorb small = Small();
  ASSERT_TRUE(Decode(small.bytes, small.hash).ok());
  for (size_t length = 0; length < small.bytes.size(); ++length) {
    const absl::Status status = Decode(small.bytes.substr(0, length), small.hash);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << length << ": " << status;
  }
}

// LZ4 ignores half a byte of each frame: how long the match after the last literals would be.
TEST(Xorb, WithAnyBitFlippedThatMattersIsRefused) {
  const TestXorb small = Small();
  const size_t bare = kChunkHeaderBytes + small.chunks[0].size();
  int ignored = 0;
  for (size_t i = 0; i < small.bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = small.bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const bool taken = Decode(flipped, small.hash).ok();
      EXPECT_FALSE(taken && (i < bare || bit > 3)) << "byte " << i << ", bit " << bit;
      ignored += taken ? 1 : 0;
    }
  }
  EXPECT_LE(ignored, 2 * 4);
}

TEST(Xorb, UnderAnotherNameIsRefused) {
  const TestXorb small = Small();
  const absl::Status status = Decode(small.bytes, HashChunk("another"));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_FALSE(Decode("", XetHash()).ok());
}

TEST(Xorb, ChunkWhoseLengthsAreNotItsOwnIsRefused) {
  const std::string data = Bytes(1000);
  const std::string frame = Lz4Frame(data);
  const auto decode = [&](size_t stored, Compression compression, size_t size,
                          const std::string& bytes) {
    return Decode(absl::StrCat(ChunkHeaderBytes(stored, compression, size), bytes),
                  HashXorb({{HashChunk(data), data.size()}}));
  };
  EXPECT_TRUE(decode(frame.size(), Compression::kLz4, 1000, frame).ok());
  EXPECT_FALSE(decode(frame.size(), Compression::kLz4, 999, frame).ok());
  EXPECT_FALSE(decode(frame.size(), Compression::kLz4, 1001, frame).ok());
  EXPECT_FALSE(decode(frame.size(), Compression::kLz4, 0, frame).ok());
  EXPECT_FALSE(decode(frame.size() + 1, Compression::kLz4, 1000, frame + "x").ok());
  EXPECT_FALSE(decode(frame.size() - 1, Compression::kLz4, 1000, frame).ok());
  EXPECT_FALSE(decode(0, Compression::kLz4, 1000, "").ok());
  EXPECT_FALSE(decode(1000, Compression::kNone, 999, data).ok());
  EXPECT_FALSE(decode(1000, static_cast<Compression>(3), 1000, data).ok());
}

TEST(Xorb, BombIsRefused) {
  // 16 MiB of zeros as 64 KiB, said to be as much as a chunk may be.
  const std::string frame = Lz4Frame(std::string(16 << 20, '\0'));
  ASSERT_LT(frame.size(), kMaxStoredChunkBytes);
  for (const Compression compression : {Compression::kLz4, Compression::kGroupedLz4}) {
    const std::string bomb =
        absl::StrCat(ChunkHeaderBytes(frame.size(), compression, kMaxChunkBytes), frame);
    EXPECT_TRUE(absl::IsInvalidArgument(Decode(bomb, XetHash())));
  }
  const std::string too_large = ChunkHeaderBytes(10, Compression::kLz4, kMaxChunkBytes + 1);
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(too_large, XetHash())));
  const std::string too_long =
      ChunkHeaderBytes(kMaxStoredChunkBytes + 1, Compression::kLz4, kMaxChunkBytes);
  EXPECT_TRUE(absl::IsInvalidArgument(Decode(too_long, XetHash())));
}

TEST(Xorb, OfTooManyChunksOrBytesIsRefused) {
  XorbDecoder chunks;
  const std::string chunk = StoredChunk("x", Compression::kNone);
  for (size_t i = 0; i < kMaxXorbChunks; ++i) ASSERT_TRUE(chunks.Append(chunk).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(chunks.Append(chunk)));

  XorbDecoder bytes;
  const std::string large = StoredChunk(std::string(kMaxChunkBytes, 'x'), Compression::kNone);
  absl::Status status;
  int64_t sent = 0;
  for (; status.ok() && sent < 2 * kMaxXorbBytes; sent += large.size()) {
    status = bytes.Append(large);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_GT(sent, kMaxXorbBytes);
  EXPECT_LE(sent, kMaxXorbBytes + 2 * static_cast<int64_t>(large.size()));
}

TEST(Xorb, MayEndWithAFooter) {
  const TestXorb small = Small();
  XorbDecoder decoder;
  const std::string bytes = absl::StrCat(small.bytes, "XETBLOB", std::string(100, '\1'));
  EXPECT_TRUE(Decode(bytes, small.hash, 3, &decoder).ok());
  EXPECT_EQ(decoder.ends().back().stored, small.bytes.size());
}

}  // namespace
}  // namespace ropewalk
