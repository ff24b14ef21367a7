#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <variant>

#include "absl/status/statusor.h"
#include "ropewalk/v1/ring_service.pb.h"
#include "worker/ring/chunk.h"

namespace ropewalk {

// RingFrame on the wire. Frames with a chunk are written and read by hand, because protobuf would
// copy the payload at both ends; the bytes are protobuf's.

// The result refers to the payload's bytes and shares in their ownership.
grpc::ByteBuffer EncodeChunk(const Chunk& chunk);

// A frame without a chunk.
grpc::ByteBuffer EncodeFrame(const v1::RingFrame& frame);

// A chunk, whose payload shares `buffer`'s memory and is not yet checked against its hash, or a
// frame without one. DATA_LOSS: it is no RingFrame. Otherwise as DecodeChunkHeader.
absl::StatusOr<std::variant<Chunk, v1::RingFrame>> DecodeFrame(const grpc::ByteBuffer& buffer);

}  // namespace ropewalk
