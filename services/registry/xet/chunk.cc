#include "services/registry/xet/chunk.h"

#include <lz4frame.h>

#include <cstdint>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kGroups = 4;

size_t Number(absl::string_view bytes, size_t offset) {
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  return byte(offset) | byte(offset + 1) << 8 | byte(offset + 2) << 16;
}

// LZ4's memory, which a thread keeps: it is large, and a chunk is not.
class Lz4 {
 public:
  Lz4() { LZ4F_createDecompressionContext(&context_, LZ4F_VERSION); }
  ~Lz4() { LZ4F_freeDecompressionContext(context_); }
  Lz4(const Lz4&) = delete;
  Lz4& operator=(const Lz4&) = delete;

  // Whether `frame` is one whole frame that fills `data`.
  bool Decompress(absl::string_view frame, std::string* data) {
    if (context_ == nullptr) return false;
    LZ4F_resetDecompressionContext(context_);
    size_t done = 0;
    while (true) {
      size_t written = data->size() - done;
      size_t read = frame.size();
      const size_t wanted = LZ4F_decompress(context_, data->data() + done, &written, frame.data(),
                                            &read, /*options=*/nullptr);
      if (LZ4F_isError(wanted)) return false;
      done += written;
      frame.remove_prefix(read);
      if (wanted == 0) return done == data->size() && frame.empty();
      // It wants more bytes than there are, or more room.
      if (written == 0 && read == 0) return false;
    }
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

bool Decompress(absl::string_view frame, std::string* data) {
  static thread_local Lz4 lz4;
  return lz4.Decompress(frame, data);
}

// The groups lie one after another; of what is left over at the end, each of the first has one.
void Regroup(const std::string& grouped, std::string* data) {
  const size_t length = grouped.size() / kGroups;
  const size_t left_over = grouped.size() % kGroups;
  const uint8_t* group[kGroups];
  group[0] = reinterpret_cast<const uint8_t*>(grouped.data());
  for (size_t i = 1; i < kGroups; ++i) {
    group[i] = group[i - 1] + length + (i <= left_over ? 1 : 0);
  }
  char* out = data->data();
  for (size_t i = 0; i < length; ++i) {
    const uint32_t word = group[0][i] | uint32_t{group[1][i]} << 8 | uint32_t{group[2][i]} << 16 |
                          uint32_t{group[3][i]} << 24;
    std::memcpy(out + kGroups * i, &word, sizeof(word));
  }
  for (size_t i = 0; i < left_over; ++i) out[kGroups * length + i] = group[i][length];
}

bool Unpack(const ChunkHeader& header, absl::string_view stored, std::string* chunk) {
  if (stored.size() != header.stored_bytes) return false;
  if (header.compression == Compression::kNone) {
    chunk->assign(stored.data(), stored.size());
    return true;
  }
  chunk->resize(header.size_bytes);
  if (header.compression == Compression::kLz4) return Decompress(stored, chunk);
  static thread_local std::string grouped;
  grouped.resize(header.size_bytes);
  if (!Decompress(stored, &grouped)) return false;
  Regroup(grouped, chunk);
  return true;
}

}  // namespace

absl::StatusOr<ChunkHeader> ParseChunkHeader(absl::string_view bytes) {
  if (bytes.size() != kChunkHeaderBytes) {
    return absl::InvalidArgumentError("the xorb ends within the header of a chunk");
  }
  const int version = static_cast<uint8_t>(bytes[0]);
  const int compression = static_cast<uint8_t>(bytes[4]);
  if (version != 0) {
    return absl::InvalidArgumentError(absl::StrCat("a chunk has version ", version, ", not 0"));
  }
  if (compression > static_cast<int>(Compression::kGroupedLz4)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a chunk's compression ", compression, " is none of 0, 1 and 2"));
  }
  ChunkHeader header;
  header.compression = static_cast<Compression>(compression);
  header.stored_bytes = Number(bytes, 1);
  header.size_bytes = Number(bytes, 5);
  const bool bare = header.compression == Compression::kNone;
  if (header.size_bytes == 0 || header.size_bytes > kMaxChunkBytes || header.stored_bytes == 0 ||
      header.stored_bytes > kMaxStoredChunkBytes ||
      (bare && header.stored_bytes != header.size_bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("a chunk of ", header.size_bytes,
                                                   " bytes, stored as ", header.stored_bytes,
                                                   "; it may have up to ", kMaxChunkBytes));
  }
  return header;
}

absl::Status UnpackChunk(const ChunkHeader& header, absl::string_view stored, std::string* chunk) {
  if (Unpack(header, stored, chunk)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a chunk of ", header.stored_bytes,
                                                 " stored bytes does not unpack to ",
                                                 header.size_bytes, " bytes"));
}

}  // namespace ropewalk
