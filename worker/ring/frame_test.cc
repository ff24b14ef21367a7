#include "worker/ring/frame.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "worker/ring/broken_hop.h"
#include "worker/ring/farewell.h"

namespace ropewalk {
namespace {

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// `bytes` in slices of `slice_bytes`.
grpc::ByteBuffer Sliced(const std::string& bytes, size_t slice_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t begin = 0; begin < bytes.size(); begin += slice_bytes) {
    slices.emplace_back(bytes.substr(begin, slice_bytes));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

Chunk Example(const std::string& payload) {
  auto bytes = std::make_shared<std::string>(payload);
  const auto* data = reinterpret_cast<const uint8_t*>(bytes->data());
  Chunk chunk;
  chunk.header.step = 17;
  chunk.header.length = static_cast<uint32_t>(payload.size());
  chunk.payload = Payload(std::shared_ptr<const uint8_t>(bytes, data), payload.size());
  return chunk;
}

std::string PayloadOf(const Chunk& chunk) {
  std::string bytes(chunk.payload.size(), '\0');
  chunk.payload.CopyTo(bytes.data());
  return bytes;
}

TEST(Frame, IsTheProtobufMessage) {
  for (const std::string& payload : {std::string(), std::string("abc"), std::string(300, 'x')}) {
    const Chunk chunk = Example(payload);
    const std::string bytes = BytesOf(EncodeChunk(chunk));
    v1::RingFrame frame;
    ASSERT_TRUE(frame.ParseFromString(bytes));
    const EncodedChunkHeader header = EncodeChunkHeader(chunk.header);
    EXPECT_EQ(frame.header(), std::string(header.begin(), header.end()));
    EXPECT_EQ(frame.payload(), payload);
    EXPECT_EQ(frame.SerializeAsString(), bytes);
  }
}

TEST(Frame, ComesBackHoweverSliced) {
  const Chunk chunk = Example(std::string(1000, 'y'));
  const std::string bytes = BytesOf(EncodeChunk(chunk));
  for (size_t slice_bytes : {1, 2, 7, 64, 67, 5000}) {
    auto frame = DecodeFrame(Sliced(bytes, slice_bytes));
    ASSERT_TRUE(frame.ok()) << frame.status();
    const Chunk& back = std::get<Chunk>(*frame);
    EXPECT_EQ(back.header, chunk.header);
    EXPECT_EQ(PayloadOf(back), PayloadOf(chunk));
  }
}

TEST(Frame, SendsThePayloadWithoutCopyingIt) {
  const Chunk chunk = Example(std::string(1000, 'z'));
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(EncodeChunk(chunk).Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[1].begin(), chunk.payload.pieces()[0].bytes.data());
}

TEST(Frame, KeepsThePayloadAliveUntilItIsSent) {
  Chunk chunk = Example(std::string(1000, 'z'));
  const std::weak_ptr<const void> owner = chunk.payload.pieces()[0].owner;
  grpc::ByteBuffer buffer = EncodeChunk(chunk);
  chunk = Chunk();
  EXPECT_FALSE(owner.expired());
  buffer.Clear();
  EXPECT_TRUE(owner.expired());
}

TEST(Frame, CarriesPlainFrames) {
  v1::RingFrame frame;
  frame.mutable_open()->set_job("jobs/a");
  const auto back = DecodeFrame(EncodeFrame(frame));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(std::get<v1::RingFrame>(*back).open().job(), "jobs/a");
  EXPECT_TRUE(std::holds_alternative<v1::RingFrame>(DecodeFrame(EncodeFrame({})).value()));
}

TEST(Frame, WhatIsCutShortOrTooLongIsDataLoss) {
  const std::string bytes = BytesOf(EncodeChunk(Example("abcdef")));
  for (size_t size = 1; size < bytes.size(); ++size) {
    if (size == 2 + kChunkHeaderBytes) continue;  // a chunk without a payload
    EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(Sliced(bytes.substr(0, size), 10)).status())) << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(Sliced(bytes + "x", 10)).status()));
}

TEST(Farewell, CarriesStatusAndHop) {
  const absl::Status why = BrokenHopError(absl::StatusCode::kDataLoss, {3, 4}, "a flipped bit");
  const absl::Status back = FromFarewell(ToFarewell(why));
  EXPECT_EQ(back, why);
  EXPECT_EQ(BrokenHopOf(back), (BrokenHop{3, 4}));
  EXPECT_FALSE(BrokenHopOf(FromFarewell(ToFarewell(absl::CancelledError("x")))).has_value());
  EXPECT_TRUE(FromFarewell(ToFarewell(absl::OkStatus())).ok());
}

}  // namespace
}  // namespace ropewalk
