#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/common/mutex.h"
#include "worker/agent/wakeup.h"

namespace ropewalk {

class RegistryClient;

// A state to keep.
struct Checkpoint {
  std::string job;  // "jobs/..."
  int64_t step = 0;
  std::string state;  // TrainState::Serialize
  v1::Lineage lineage;
};

// Puts checkpoints into the registry from a thread of its own, so that training goes on meanwhile.
// If they come faster than they can be written, the newest wins. Keeps the last two of a job.
// Thread-safe.
class Checkpointer {
 public:
  // `may_publish` says whether this worker may still write for its job; `on_saved` is told of every
  // success from the thread.
  Checkpointer(RegistryClient* registry, std::function<bool()> may_publish,
               std::function<void(const std::string& version, int64_t step)> on_saved);
  ~Checkpointer();

  // Saves soon, in the background; failures are logged, and the next checkpoint tries anew.
  void SaveInBackground(Checkpoint checkpoint);

  // Saves now, on the caller's thread. Returns the version's name.
  absl::StatusOr<std::string> Save(const Checkpoint& checkpoint);

 private:
  void Run();
  std::optional<Checkpoint> TakeWaiting();
  void DropOld(const std::string& newest_version);

  RegistryClient* const registry_;
  const std::function<bool()> may_publish_;
  const std::function<void(const std::string&, int64_t)> on_saved_;

  Wakeup bell_;
  Mutex mutex_;
  std::optional<Checkpoint> waiting_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> saved_ ABSL_GUARDED_BY(mutex_);  // versions, oldest first
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ropewalk
