#include "worker/ring/payload.h"

#include <algorithm>
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

const uint8_t* PayloadReader::Read(int64_t size, uint8_t* room) {
  int64_t copied = 0;
  while (true) {
    const absl::Span<const uint8_t> here = piece_->bytes.subspan(at_);
    const int64_t taken = std::min<int64_t>(here.size(), size - copied);
    at_ += taken;
    if (taken == size) return here.data();
    std::copy_n(here.data(), taken, room + copied);
    copied += taken;
    if (copied == size) return room;
    ++piece_;
    at_ = 0;
  }
}

}  // namespace ropewalk
