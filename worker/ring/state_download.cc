#include "worker/ring/state_download.h"

#include <xxhash.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace ropewalk {

absl::Status StateDownload::Append(const v1::PullStateResponse& response, bool first) {
  if (first) {
    const Whole whole = {response.total_bytes(), response.digest()};
    if (whole_.has_value() && *whole_ != whole) {
      return absl::DataLossError("the state became another one while it was transferred");
    }
    whole_ = whole;
  }
  bytes_ += response.data();
  if (!whole_.has_value() || offset() > whole_->bytes) {
    return absl::DataLossError("the state is longer than announced");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> StateDownload::Finish() && {
  if (!whole_.has_value() || offset() != whole_->bytes) {
    return absl::DataLossError(absl::StrCat("the state ended after ", offset(), " bytes"));
  }
  if (XXH64(bytes_.data(), bytes_.size(), 0) != whole_->digest) {
    return absl::DataLossError("the state does not match its digest");
  }
  return std::move(bytes_);
}

}  // namespace ropewalk
