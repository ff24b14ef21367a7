#pragma once

#include <thread>

#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

class Registry;

// Collects a registry's garbage now and then, on a thread of its own, until destroyed.
class Collector {
 public:
  // `registry` is not owned and outlives the collector.
  Collector(Registry* registry, absl::Duration every);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

 private:
  void Run();
  bool WaitForTurn();
  void Collect();

  Registry* const registry_;
  const absl::Duration every_;
  Mutex mutex_;
  CondVar stop_changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ropewalk
