#include "services/registry/xet/xorb_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

static_assert(sizeof(ChunkEnd) == 8);

// The last eight bytes of a file: the number of chunks, and a sign that the file is whole.
constexpr uint32_t kSign = 0x31425458;
struct Tail {
  uint32_t chunks = 0;
  uint32_t sign = kSign;
};

constexpr int64_t kPieceBytes = 1 << 20;

absl::Status Damaged() {
  return absl::DataLossError("a xorb on the registry's disk is damaged; upload it again");
}

// `count` of them as they lie in the file.
template <typename T>
absl::StatusOr<std::vector<T>> ReadArray(const InputFile& file, int64_t offset, size_t count) {
  ASSIGN_OR_RETURN(const std::string bytes, file.Read(offset, count * sizeof(T)));
  if (bytes.size() != count * sizeof(T)) return Damaged();
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

class FileChunkReader final : public ChunkReader {
 public:
  FileChunkReader(std::shared_ptr<const InputFile> file, ChunkEnd begin, ChunkEnd end)
      : file_(std::move(file)), at_(begin), begin_(begin), end_(end) {}

  int64_t size_bytes() const override { return end_.size - begin_.size; }

  absl::StatusOr<std::string> Next() override {
    std::string chunk;
    if (at_.stored == end_.stored) return chunk;
    ASSIGN_OR_RETURN(const std::string bytes, file_->Read(at_.stored, kChunkHeaderBytes));
    const absl::StatusOr<ChunkHeader> header = ParseChunkHeader(bytes);
    if (!header.ok()) return Damaged();
    const int64_t offset = at_.stored + kChunkHeaderBytes;
    ASSIGN_OR_RETURN(const std::string stored, file_->Read(offset, header->stored_bytes));
    if (!UnpackChunk(*header, stored, &chunk).ok()) return Damaged();
    at_.stored = offset + stored.size();
    at_.size += chunk.size();
    const bool at_end = at_.stored == end_.stored;
    if (at_.stored > end_.stored || at_end != (at_.size == end_.size)) return Damaged();
    return chunk;
  }

 private:
  const std::shared_ptr<const InputFile> file_;
  ChunkEnd at_;
  const ChunkEnd begin_;
  const ChunkEnd end_;
};

}  // namespace

std::string XorbFile::FormatTable(const std::vector<ChunkEnd>& ends) {
  const Tail tail{static_cast<uint32_t>(ends.size())};
  std::string table(ends.size() * sizeof(ChunkEnd) + sizeof(tail), '\0');
  if (!ends.empty()) std::memcpy(table.data(), ends.data(), ends.size() * sizeof(ChunkEnd));
  std::memcpy(&table[table.size() - sizeof(tail)], &tail, sizeof(tail));
  return table;
}

absl::StatusOr<XorbFile> XorbFile::Open(const std::string& path) {
  ASSIGN_OR_RETURN(std::shared_ptr<const InputFile> file, InputFile::Open(path));
  struct stat info;
  if (fstat(file->descriptor(), &info) != 0) {
    return FileError(errno, absl::StrCat("cannot look at ", path));
  }
  const int64_t size = info.st_size;
  if (size < static_cast<int64_t>(sizeof(Tail))) return Damaged();
  ASSIGN_OR_RETURN(const std::vector<Tail> tail,
                   ReadArray<Tail>(*file, size - sizeof(Tail), /*count=*/1));
  const uint32_t chunks = tail[0].chunks;
  const int64_t table = size - sizeof(Tail) - int64_t{chunks} * sizeof(ChunkEnd);
  if (tail[0].sign != kSign || chunks == 0 || chunks > kMaxXorbChunks || table < 0) {
    return Damaged();
  }
  return XorbFile(std::move(file), table, chunks);
}

absl::StatusOr<std::vector<ChunkEnd>> XorbFile::ReadEnds() const {
  ASSIGN_OR_RETURN(std::vector<ChunkEnd> ends, ReadArray<ChunkEnd>(*file_, table_, chunks_));
  ChunkEnd last;
  for (const ChunkEnd& end : ends) {
    if (end.stored <= last.stored || end.size <= last.size || end.stored > table_) {
      return Damaged();
    }
    last = end;
  }
  return ends;
}

// Of the first so many chunks.
absl::StatusOr<ChunkEnd> XorbFile::ReadEnd(uint32_t chunks) const {
  if (chunks == 0) return ChunkEnd();
  ASSIGN_OR_RETURN(
      const std::vector<ChunkEnd> end,
      ReadArray<ChunkEnd>(*file_, table_ + (chunks - 1) * sizeof(ChunkEnd), /*count=*/1));
  return end[0];
}

absl::StatusOr<std::unique_ptr<ChunkReader>> XorbFile::Read(uint32_t begin, uint32_t end) const {
  if (begin >= end || end > chunks_) {
    return absl::InvalidArgumentError(
        absl::StrCat("chunks ", begin, " to ", end, " of a xorb of ", chunks_));
  }
  ASSIGN_OR_RETURN(const ChunkEnd from, ReadEnd(begin));
  ASSIGN_OR_RETURN(const ChunkEnd to, ReadEnd(end));
  if (from.stored >= to.stored || from.size >= to.size || to.stored > table_) return Damaged();
  return std::make_unique<FileChunkReader>(file_, from, to);
}

absl::Status XorbFile::Check(const XetHash& hash) const {
  ASSIGN_OR_RETURN(const std::vector<ChunkEnd> ends, ReadEnds());
  XorbDecoder decoder;
  const int64_t size = ends.back().stored;
  for (int64_t offset = 0; offset < size; offset += kPieceBytes) {
    ASSIGN_OR_RETURN(const std::string piece,
                     file_->Read(offset, std::min(kPieceBytes, size - offset)));
    if (!decoder.Append(piece).ok()) return Damaged();
  }
  return decoder.Finish(hash).ok() ? absl::OkStatus() : Damaged();
}

}  // namespace ropewalk
