#include "coordinator/state/digest_ledger.h"

#include "absl/strings/str_format.h"

namespace ropewalk {
namespace {

// Members are at most one step apart while they run; reports may lag by a second of steps.
constexpr size_t kStepsKept = 256;

}  // namespace

absl::Status DigestLedger::Check(const std::string& worker, int64_t step, uint64_t digest) {
  if (digest == 0) return absl::OkStatus();
  const auto [entry, is_new] = entries_.try_emplace(step, Entry{worker, digest});
  if (!is_new && entry->second.digest != digest) {
    return absl::DataLossError(
        absl::StrFormat("after step %d %s holds state %016x but %s holds %016x: one of these "
                        "machines computes wrong",
                        step, entry->second.worker, entry->second.digest, worker, digest));
  }
  if (entries_.size() > kStepsKept) entries_.erase(entries_.begin());
  return absl::OkStatus();
}

}  // namespace ropewalk
