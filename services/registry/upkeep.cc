#include "services/registry/upkeep.h"

#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/registry/registry.h"
#include "services/registry/xet/xet_store.h"

namespace ropewalk {
namespace {

constexpr double kScrubBytesPerSecond = 64 << 20;

}  // namespace

void Collect(Registry* registry) {
  const auto collected = registry->CollectGarbage(/*dry_run=*/false);
  if (!collected.ok()) {
    return LogWarning("collection failed", {{"error", collected.status().ToString()}});
  }
  CounterMetric("ropewalk_registry_collected_bytes_total", "Bytes of blobs and uploads collected.")
      .Increment(static_cast<double>(collected->freed_bytes()));
  if (collected->freed_bytes() == 0) return;
  LogInfo("collected", {{"blobs", collected->deleted_blobs()},
                        {"uploads", collected->abandoned_uploads()},
                        {"bytes", collected->freed_bytes()}});
}

void CollectXorbs(XetStore* store) {
  const absl::StatusOr<int> collected = store->Collect();
  if (!collected.ok()) {
    return LogWarning("collection failed", {{"error", collected.status().ToString()}});
  }
  if (*collected > 0) LogInfo("collected", {{"xorbs", *collected}});
}

void Scrub(Registry* registry, const PeriodicTask::Pause& pause) {
  const auto scrubbed = registry->Scrub([&](int64_t bytes) {
    CounterMetric("ropewalk_registry_scrubbed_bytes_total", "Bytes of blobs read again.")
        .Increment(static_cast<double>(bytes));
    return pause(absl::Seconds(bytes / kScrubBytesPerSecond));
  });
  if (!scrubbed.ok()) return LogWarning("scrub failed", {{"error", scrubbed.status().ToString()}});
  for (const std::string& digest : scrubbed->damaged) {
    CounterMetric("ropewalk_registry_damaged_blobs_total", "Blobs that the disk has damaged.")
        .Increment(1);
    LogError("a blob is damaged and in quarantine; upload it again", {{"digest", digest}});
  }
  LogInfo("scrubbed", {{"blobs", scrubbed->blobs}, {"damaged", scrubbed->damaged.size()}});
}

}  // namespace ropewalk
