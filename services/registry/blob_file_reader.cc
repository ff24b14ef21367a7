#include "services/registry/blob_file_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::string> BlobFileReader::Next() {
  ASSIGN_OR_RETURN(std::string piece,
                   stretch_.file->Read(stretch_.offset + taken_,
                                       std::min(stretch_.length - taken_, kPieceBytes)));
  taken_ += piece.size();
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
