#include "tests/fault/crashing_registry.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "tests/fault/hub_request.h"
#include "tests/testing/process_cluster.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kStartPatience = absl::Seconds(30);

}  // namespace

std::vector<std::string> CrashingRegistry::CommandLine(const RunFaults& faults,
                                                       const std::string& grace) const {
  const std::string programs = ProgramFolder();
  return {"env",
          absl::StrCat("LD_PRELOAD=", programs, "/libfailing_fsync.so"),
          absl::StrCat("FAILING_FSYNC_SEED=", faults.seed),
          absl::StrCat("FAILING_FSYNC_PERMILLE=", faults.failing_syncs_permille),
          absl::StrCat("FAILING_FSYNC_AFTER=", faults.syncs_before_failures),
          absl::StrCat("FAILING_FSYNC_DIE_AT=", faults.die_at_change),
          absl::StrCat("FAILING_FSYNC_LOG=", sync_log()),
          absl::StrCat(programs, "/ropewalk-registry"),
          "--listen",
          grpc_address(),
          "--http-listen",
          http_address(),
          "--data",
          data(),
          "--grace",
          grace,
          "--collect-every",
          "1s"};
}

absl::Status CrashingRegistry::Start(const RunFaults& faults, const std::string& grace) {
  ASSIGN_OR_RETURN(
      process_, Process::Start(CommandLine(faults, grace), absl::StrCat(folder_, "/registry.log")));
  std::optional<int> end;
  RETURN_IF_ERROR(Until(kStartPatience, [&] {
    end = EndsWithin(absl::ZeroDuration());
    if (end.has_value()) return true;
    const absl::StatusOr<HubAnswer> ready = AskHub(http_address(), "GET", "/readyz");
    return ready.ok() && ready->status == 200;
  }));
  if (!end.has_value()) return absl::OkStatus();
  process_.reset();
  return absl::UnavailableError(
      absl::StrCat("the registry ended with ", *end, " before it answered"));
}

std::optional<int> CrashingRegistry::EndsWithin(absl::Duration time) {
  const absl::StatusOr<int> code = process_->Wait(time);
  if (!code.ok()) return std::nullopt;
  return *code;
}

std::string CrashingRegistry::BlobPath(const std::string& digest) const {
  return absl::StrCat(data(), "/blobs/sha256/", digest.substr(0, 2), "/", digest);
}

}  // namespace ropewalk
