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

}  // namespace ropewalk
