#include "services/registry/s3/s3_blob_reader.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_error.h"

namespace ropewalk {
namespace {

constexpr int kMaxBreaks = 3;

}  // namespace

absl::StatusOr<std::string> S3BlobReader::Next() {
  while (taken_ < length_) {
    if (download_ == nullptr) {
      ASSIGN_OR_RETURN(download_, client_->Get(key_, offset_ + taken_, length_ - taken_));
    }
    absl::StatusOr<std::string> piece = Pull();
    if (piece.ok()) {
      breaks_ = 0;
      if (!digest_.empty()) hash_.Update(*piece);
      return piece;
    }
    download_.reset();
    if (!IsPassing(piece.status()) || ++breaks_ > kMaxBreaks) return piece;
  }
  RETURN_IF_ERROR(CheckDigest());
  return std::string();
}

// Not empty.
absl::StatusOr<std::string> S3BlobReader::Pull() {
  ASSIGN_OR_RETURN(std::string piece, download_->Next());
  if (piece.empty()) {
    return absl::UnavailableError(
        absl::StrCat("the store ended ", key_, " after ", taken_, " of ", length_, " bytes"));
  }
  if (taken_ + static_cast<int64_t>(piece.size()) > length_) {
    return absl::DataLossError(
        absl::StrCat("the store gave more of ", key_, " than the ", length_, " bytes asked for"));
  }
  taken_ += static_cast<int64_t>(piece.size());
  return piece;
}

absl::Status S3BlobReader::CheckDigest() {
  if (digest_.empty() || std::exchange(checked_, true)) return absl::OkStatus();
  const std::string found = hash_.HexDigest();
  if (found == digest_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the store gave other bytes for blob ", digest_,
                                          " than were stored: their digest is ", found,
                                          "; upload the blob again"));
}

}  // namespace ropewalk
