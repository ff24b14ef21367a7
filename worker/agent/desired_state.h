#pragma once

#include <functional>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/common/mutex.h"
#include "worker/agent/overtaking.h"

namespace ropewalk {

// What the coordinator wants of this worker: set by the thread that listens, looked at by the one
// that works. Thread-safe.
class DesiredState {
 public:
  void Set(std::optional<v1::Assignment> wanted);

  // The process ends: nothing is wanted any more, for good.
  void Shutdown();

  std::optional<v1::Assignment> Get() const;
  bool shut_down() const;

  // Waits until something other than `seen` is wanted, or shutdown. False if `timeout` passed
  // first.
  bool AwaitChange(const std::optional<v1::Assignment>& seen, absl::Duration timeout);

  // How far work on `running` is overtaken by now.
  Overtaking OvertakenBy(const v1::Assignment& running) const;

  // While it lives, calls `interrupt` when `running` is overtaken at once (also if it is already).
  // `interrupt` runs under the lock of this class: it must be quick and not call back.
  class Interrupter {
   public:
    Interrupter(DesiredState* desired, const v1::Assignment& running,
                std::function<void()> interrupt);
    ~Interrupter();
    Interrupter(const Interrupter&) = delete;
    Interrupter& operator=(const Interrupter&) = delete;

   private:
    DesiredState* const desired_;
  };

 private:
  void InterruptIfOvertaken() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  CondVar changed_;
  std::optional<v1::Assignment> wanted_ ABSL_GUARDED_BY(mutex_);
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  v1::Assignment running_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> interrupt_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
