#pragma once

#include <functional>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// Does something now and then, on a thread of its own, until destroyed. The first time is after
// `every`, and a time begins `every` after the one before has ended.
class PeriodicTask {
 public:
  // Given to the work: waits for a while; false: the task is to end.
  using Pause = std::function<bool(absl::Duration)>;

  // `name`: the thread's, at most 15 characters.
  PeriodicTask(std::string name, absl::Duration every, std::function<void(const Pause&)> work);
  // Waits for work that goes on.
  ~PeriodicTask();
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void Run();
  bool Wait(absl::Duration duration);

  const std::string name_;
  const absl::Duration every_;
  const std::function<void(const Pause&)> work_;
  Mutex mutex_;
  CondVar stop_changed_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ropewalk
