#include "worker/ring/frame.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

// Field numbers below 16 of type bytes: one byte of tag.
constexpr uint8_t BytesTag(int field) {
  return static_cast<uint8_t>(field << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}
constexpr uint8_t kHeaderTag = BytesTag(v1::RingFrame::kHeaderFieldNumber);
constexpr uint8_t kPayloadTag = BytesTag(v1::RingFrame::kPayloadFieldNumber);

constexpr size_t kMaxPlainFrameBytes = 64 << 10;

absl::Status Malformed() { return absl::DataLossError("a frame that is no RingFrame"); }

void ReleaseOwner(void* owner) { delete static_cast<std::shared_ptr<const void>*>(owner); }

grpc::Slice SliceOf(const Payload::Piece& piece) {
  return grpc::Slice(const_cast<uint8_t*>(piece.bytes.data()), piece.bytes.size(), &ReleaseOwner,
                     new std::shared_ptr<const void>(piece.owner));
}

// All of the frame but the payload's bytes.
grpc::Slice Prefix(const Chunk& chunk) {
  uint8_t prefix[2 + kChunkHeaderBytes + 1 + 5];
  uint8_t* end = prefix;
  *end++ = kHeaderTag;
  *end++ = kChunkHeaderBytes;
  const EncodedChunkHeader header = EncodeChunkHeader(chunk.header);
  end = std::copy(header.begin(), header.end(), end);
  if (chunk.payload.size() > 0) {
    *end++ = kPayloadTag;
    end = CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(chunk.payload.size()), end);
  }
  return grpc::Slice(prefix, end - prefix);
}

using Slices = std::vector<grpc::Slice>;

// Reads a frame's slices from front to back.
class SliceReader {
 public:
  explicit SliceReader(std::shared_ptr<const Slices> slices) : slices_(std::move(slices)) {
    SkipEmpty();
  }

  bool at_end() const { return slice_ == slices_->size(); }

  // False if the frame ends before.
  bool Read(uint8_t* bytes, size_t count) {
    while (count > 0 && !at_end()) {
      const absl::Span<const uint8_t> next = Next(count);
      std::memcpy(bytes, next.data(), next.size());
      bytes += next.size();
      count -= next.size();
    }
    return count == 0;
  }

  bool ReadVarint32(uint32_t* value) {
    *value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      uint8_t byte;
      if (!Read(&byte, 1)) return false;
      *value |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  Payload Rest() {
    std::vector<Payload::Piece> pieces;
    while (!at_end()) pieces.push_back({Next(SIZE_MAX), slices_});
    return Payload(std::move(pieces));
  }

 private:
  // At most `count` bytes of the current slice.
  absl::Span<const uint8_t> Next(size_t count) {
    const grpc::Slice& slice = (*slices_)[slice_];
    const size_t taken = std::min(count, slice.size() - offset_);
    const auto bytes = absl::MakeSpan(slice.begin() + offset_, taken);
    offset_ += taken;
    if (offset_ == slice.size()) {
      ++slice_;
      offset_ = 0;
      SkipEmpty();
    }
    return bytes;
  }

  void SkipEmpty() {
    while (!at_end() && (*slices_)[slice_].size() == 0) ++slice_;
  }

  const std::shared_ptr<const Slices> slices_;
  size_t slice_ = 0;
  size_t offset_ = 0;
};

absl::StatusOr<Chunk> ReadChunk(SliceReader* reader) {
  EncodedChunkHeader header;
  uint8_t header_bytes = 0;
  if (!reader->Read(&header_bytes, 1) || header_bytes != kChunkHeaderBytes ||
      !reader->Read(header.data(), header.size())) {
    return Malformed();
  }
  Chunk chunk;
  ASSIGN_OR_RETURN(chunk.header, DecodeChunkHeader(header));
  if (reader->at_end()) return chunk;

  uint8_t tag = 0;
  uint32_t payload_bytes = 0;
  if (!reader->Read(&tag, 1) || tag != kPayloadTag || !reader->ReadVarint32(&payload_bytes)) {
    return Malformed();
  }
  chunk.payload = reader->Rest();
  if (chunk.payload.size() != payload_bytes) return Malformed();
  return chunk;
}

absl::StatusOr<v1::RingFrame> ReadPlainFrame(uint8_t first, SliceReader* reader) {
  std::string bytes(1, static_cast<char>(first));
  for (uint8_t byte; bytes.size() < kMaxPlainFrameBytes && reader->Read(&byte, 1);) {
    bytes.push_back(static_cast<char>(byte));
  }
  v1::RingFrame frame;
  if (!reader->at_end() || !frame.ParseFromString(bytes)) return Malformed();
  return frame;
}

}  // namespace

grpc::ByteBuffer EncodeChunk(const Chunk& chunk) {
  Slices slices = {Prefix(chunk)};
  for (const Payload::Piece& piece : chunk.payload.pieces()) slices.push_back(SliceOf(piece));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

grpc::ByteBuffer EncodeFrame(const v1::RingFrame& frame) {
  const grpc::Slice slice(frame.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

absl::StatusOr<std::variant<Chunk, v1::RingFrame>> DecodeFrame(const grpc::ByteBuffer& buffer) {
  auto slices = std::make_shared<Slices>();
  if (!buffer.Dump(slices.get()).ok()) return Malformed();
  SliceReader reader(std::move(slices));
  uint8_t tag = 0;
  if (!reader.Read(&tag, 1)) return v1::RingFrame();
  if (tag == kHeaderTag) return ReadChunk(&reader);
  return ReadPlainFrame(tag, &reader);
}

}  // namespace ropewalk
