#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

// Bytes that travel: in pieces, as the network delivered them, and shared, so that passing them on
// copies nothing. Immutable; copies share the bytes.
class Payload {
 public:
  struct Piece {
    absl::Span<const uint8_t> bytes;
    std::shared_ptr<const void> owner;  // keeps `bytes` alive
  };

  Payload() = default;
  explicit Payload(std::vector<Piece> pieces);
  Payload(std::shared_ptr<const uint8_t> bytes, int64_t size);

  const std::vector<Piece>& pieces() const { return pieces_; }
  int64_t size() const { return size_; }

  // Writes all size() bytes to `destination`.
  void CopyTo(void* destination) const;

 private:
  std::vector<Piece> pieces_;
  int64_t size_ = 0;
};

// Reads a payload, which outlives it, from its beginning in pieces of the reader's choice.
class PayloadReader {
 public:
  explicit PayloadReader(const Payload& payload) : piece_(payload.pieces().begin()) {}

  // The next `size` bytes: where they are, if they lie together, otherwise copied into `room`.
  // REQUIRES: there are so many.
  const uint8_t* Read(int64_t size, uint8_t* room);

 private:
  std::vector<Payload::Piece>::const_iterator piece_;
  int64_t at_ = 0;  // in the piece
};

}  // namespace ropewalk
