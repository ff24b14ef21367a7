#include "services/registry/blob_file_reader.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<BlobFileReader>> BlobFileReader::Open(const std::string& path,
                                                                     const std::string& digest,
                                                                     int64_t offset,
                                                                     int64_t length) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return FileError(errno, absl::StrCat("cannot open ", path));
  stream.seekg(offset);
  if (length == 0) length = std::numeric_limits<int64_t>::max();
  return std::unique_ptr<BlobFileReader>(
      new BlobFileReader(path, digest, std::move(stream), length));
}

BlobFileReader::BlobFileReader(std::string path, std::string digest, std::ifstream stream,
                               int64_t length)
    : path_(std::move(path)),
      digest_(std::move(digest)),
      stream_(std::move(stream)),
      left_(length) {}

absl::StatusOr<std::string> BlobFileReader::Next() {
  std::string piece(std::min(left_, kPieceBytes), '\0');
  stream_.read(piece.data(), piece.size());
  if (stream_.bad()) return absl::DataLossError(absl::StrCat("the disk cannot read ", path_));
  piece.resize(stream_.gcount());
  left_ -= piece.size();
  if (digest_.empty()) return piece;
  hash_.Update(piece);
  if (piece.empty()) RETURN_IF_ERROR(CheckDigest());
  return piece;
}

absl::Status BlobFileReader::CheckDigest() {
  if (std::exchange(checked_, true)) return absl::OkStatus();
  const std::string found = hash_.HexDigest();
  if (found == digest_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the disk gave other bytes for blob ", digest_,
                                          " than were stored: their digest is ", found,
                                          "; upload the blob again"));
}

}  // namespace ropewalk
