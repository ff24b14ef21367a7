#include "worker/ring/payload.h"

#include <cstring>
#include <memory>

namespace ropewalk {

Payload::Payload(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
  for (const Piece& piece : pieces_) size_ += static_cast<int64_t>(piece.bytes.size());
}

Payload::Payload(std::shared_ptr<const uint8_t> bytes, int64_t size) : size_(size) {
  const uint8_t* const begin = bytes.get();
  if (size > 0) pieces_.push_back({absl::MakeSpan(begin, size), std::move(bytes)});
}

void Payload::CopyTo(void* destination) const {
  auto* out = static_cast<uint8_t*>(destination);
  for (const Piece& piece : pieces_) {
    std::memcpy(out, piece.bytes.data(), piece.bytes.size());
    out += piece.bytes.size();
  }
}

}  // namespace ropewalk
