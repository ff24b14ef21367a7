#include "tests/fault/registry_writer.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace ropewalk {
namespace {

constexpr size_t kMostProblems = 20;

}  // namespace

void CrashSite::Acknowledge(absl::string_view what, const std::vector<std::string>& digests) {
  for (const std::string& digest : digests) {
    const absl::Status safe = sync_log_.CheckSafe(registry_.BlobPath(digest));
    if (!safe.ok()) AddProblem(absl::StrCat("acknowledged ", what, ": ", safe.ToString()));
  }
  MutexLock lock(&mutex_);
  ++acknowledged_[std::string(what)];
}

void CrashSite::AddProblem(std::string problem) {
  MutexLock lock(&mutex_);
  if (problems_.size() < kMostProblems) problems_.insert(std::move(problem));
}

bool CrashSite::IsExcused(const absl::Status& status) const {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:  // What was kept of an upload has been collected.
      return true;
    case absl::StatusCode::kFailedPrecondition:
      // With so short a grace period blobs may go before the version that names them is made.
      return absl::StrContains(status.message(), "is missing; upload it first");
    default:
      return excused_.count(status.code()) > 0;
  }
}

void CrashSite::TakeFailure(absl::string_view call, const absl::Status& status) {
  if (!IsExcused(status)) AddProblem(absl::StrCat(call, ": ", status.ToString()));
}

std::string CrashSite::TakeProblems() {
  MutexLock lock(&mutex_);
  return absl::StrJoin(std::exchange(problems_, {}), "\n");
}

std::map<std::string, int> CrashSite::acknowledged() const {
  MutexLock lock(&mutex_);
  return acknowledged_;
}

}  // namespace ropewalk
