#include "services/registry/collector.h"

#include "services/common/clock.h"
#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/common/threads.h"
#include "services/registry/registry.h"

namespace ropewalk {

Collector::Collector(Registry* registry, absl::Duration every)
    : registry_(registry), every_(every), thread_([this] { Run(); }) {}

Collector::~Collector() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stop_changed_.SignalAll();
  }
  thread_.join();
}

void Collector::Run() {
  SetThreadName("collector");
  while (WaitForTurn()) Collect();
}

bool Collector::WaitForTurn() {
  const Clock* clock = Clock::Real();
  const absl::Duration turn = clock->Monotonic() + every_;
  MutexLock lock(&mutex_);
  while (!stop_ && clock->Monotonic() < turn) {
    stop_changed_.WaitFor(&mutex_, turn - clock->Monotonic());
  }
  return !stop_;
}

void Collector::Collect() {
  const auto collected = registry_->CollectGarbage(/*dry_run=*/false);
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

}  // namespace ropewalk
