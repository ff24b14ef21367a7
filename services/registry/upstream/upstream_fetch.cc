#include "services/registry/upstream/upstream_fetch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/backoff.h"
#include "services/common/clock.h"
#include "services/common/metrics.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kLongestPause = absl::Seconds(30);
// Well below the hour for which a registry keeps blobs that no version names yet.
constexpr absl::Duration kKeepEvery = absl::Minutes(10);
constexpr int kMostDigests = 10'000;  // In one call of FindMissingBlobs.

bool MayHelpToTryAgain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status) || absl::IsOutOfRange(status);
}

absl::Status ToldToEnd() { return absl::AbortedError("the registry is ending; ask again"); }

void CountBytes(int64_t bytes) {
  static prometheus::Counter& counter = CounterMetric("ropewalk_registry_upstream_bytes_total",
                                                      "Bytes of files that came from upstream.");
  counter.Increment(static_cast<double>(bytes));
}

}  // namespace

UpstreamFetch::UpstreamFetch(UpstreamHub* hub, Registry* registry, UpstreamTarget target,
                             const FetchPatience& patience, PeriodicTask::Pause pause,
                             PullProgress* progress)
    : hub_(hub),
      registry_(registry),
      target_(std::move(target)),
      patience_(patience),
      pause_(std::move(pause)),
      progress_(progress),
      kept_at_(Clock::Real()->Monotonic()) {}

absl::StatusOr<std::vector<v1::File>> UpstreamFetch::Fetch(const std::vector<UpstreamFile>& files,
                                                           const Known& known) {
  std::vector<v1::File> fetched;
  for (const UpstreamFile& file : files) {
    v1::File& kept = fetched.emplace_back();
    kept.set_path(file.path);
    kept.set_size_bytes(file.size_bytes);
    const auto found = known.find(file.git_oid);
    if (found != known.end()) kept.set_digest(found->second);
    ASSIGN_OR_RETURN(const bool here, IsHere(kept.digest()));
    if (!here) {
      ASSIGN_OR_RETURN(*kept.mutable_digest(), FetchFile(file));
    }
    digests_.push_back(kept.digest());
    done_bytes_ += file.size_bytes;
    progress_->bytes = done_bytes_;
  }
  RETURN_IF_ERROR(KeepBlobs());
  return fetched;
}

// What the scrubber has put aside is not.
absl::StatusOr<bool> UpstreamFetch::IsHere(const std::string& digest) {
  if (digest.empty()) return false;
  v1::QueryUploadRequest query;
  query.set_digest(digest);
  ASSIGN_OR_RETURN(const v1::QueryUploadResponse there, registry_->QueryUpload(query));
  return there.complete();
}

absl::StatusOr<std::string> UpstreamFetch::FetchFile(const UpstreamFile& file) {
  std::string digest = file.sha256;
  const absl::Status status = Retry([&]() -> absl::Status {
    if (!file.sha256.empty()) return TryLarge(file);
    ASSIGN_OR_RETURN(digest, TrySmall(file));
    return absl::OkStatus();
  });
  if (status.ok()) return digest;
  return absl::Status(status.code(), absl::StrCat(file.path, " of ", target_.repository(),
                                                  " from upstream: ", status.message()));
}

absl::Status UpstreamFetch::Retry(const std::function<absl::Status()>& attempt) {
  Backoff backoff(patience_.first_pause, kLongestPause, /*seed=*/received_bytes_);
  int in_vain = 0;
  while (true) {
    const int64_t before = received_bytes_;
    const absl::Status status = attempt();
    if (status.ok() || !MayHelpToTryAgain(status)) return status;
    if (received_bytes_ > before) {
      in_vain = 0;
      backoff.Reset();
    }
    if (++in_vain >= patience_.attempts) return status;
    if (!pause_(backoff.Next())) return ToldToEnd();
  }
}

// The store compares the digest.
absl::Status UpstreamFetch::TryLarge(const UpstreamFile& file) {
  v1::QueryUploadRequest query;
  query.set_digest(file.sha256);
  ASSIGN_OR_RETURN(const v1::QueryUploadResponse there, registry_->QueryUpload(query));
  if (there.complete()) return absl::OkStatus();
  v1::UploadBlobRequest first;
  first.set_digest(file.sha256);
  first.set_size_bytes(file.size_bytes);
  first.set_offset(there.committed_bytes());
  ASSIGN_OR_RETURN(const auto upload, registry_->BeginUpload(first));
  if (upload == nullptr) return absl::OkStatus();
  const int64_t offset = upload->committed_bytes();
  if (offset < file.size_bytes) {
    RETURN_IF_ERROR(
        Download(file, offset, [&](absl::string_view piece) { return upload->Append(piece); }));
  }
  return upload->Finish();
}

// Begins anew each time: there is no name yet to keep a part of it by.
absl::StatusOr<std::string> UpstreamFetch::TrySmall(const UpstreamFile& file) {
  ASSIGN_OR_RETURN(const auto upload, registry_->BeginUnnamedUpload(file.size_bytes));
  GitHash hash("blob", file.size_bytes);
  int64_t bytes = 0;
  RETURN_IF_ERROR(Download(file, /*offset=*/0, [&](absl::string_view piece) {
    hash.Update(piece);
    bytes += static_cast<int64_t>(piece.size());
    return upload->Append(piece);
  }));
  const std::string oid = hash.Oid();
  if (bytes != file.size_bytes || oid != file.git_oid) {
    return absl::DataLossError(absl::StrCat("it came with ", bytes, " bytes as ", oid, ", and is ",
                                            file.size_bytes, " bytes as ", file.git_oid,
                                            " in its list"));
  }
  RETURN_IF_ERROR(upload->Finish());
  return upload->digest();
}

absl::Status UpstreamFetch::Download(const UpstreamFile& file, int64_t offset,
                                     UpstreamHub::Sink sink) {
  int64_t position = offset;
  return hub_->Download(target_, file.path, offset, [&](absl::string_view piece) -> absl::Status {
    if (!pause_(absl::ZeroDuration())) return ToldToEnd();
    RETURN_IF_ERROR(sink(piece));
    const auto bytes = static_cast<int64_t>(piece.size());
    received_bytes_ += bytes;
    position += bytes;
    progress_->bytes = done_bytes_ + position;
    CountBytes(bytes);
    if (Clock::Real()->Monotonic() - kept_at_ < kKeepEvery) return absl::OkStatus();
    return KeepBlobs();
  });
}

// Those that are whole, while no version names them.
absl::Status UpstreamFetch::KeepBlobs() {
  kept_at_ = Clock::Real()->Monotonic();
  for (size_t begin = 0; begin < digests_.size(); begin += kMostDigests) {
    v1::FindMissingBlobsRequest request;
    const size_t end = std::min(digests_.size(), begin + kMostDigests);
    for (size_t i = begin; i < end; ++i) request.add_digests(digests_[i]);
    ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse response,
                     registry_->FindMissingBlobs(request));
    if (response.missing_digests().empty()) continue;
    return absl::AbortedError(absl::StrCat("the blob ", response.missing_digests(0),
                                           " went while others came; ask again"));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
