#include "services/common/periodic_task.h"

#include <utility>

#include "services/common/clock.h"
#include "services/common/threads.h"

namespace ropewalk {

PeriodicTask::PeriodicTask(std::string name, absl::Duration every,
                           std::function<void(const Pause&)> work)
    : name_(std::move(name)), every_(every), work_(std::move(work)), thread_([this] { Run(); }) {}

PeriodicTask::~PeriodicTask() {
  {
    MutexLock lock(&mutex_);
    stop_ = true;
    stop_changed_.SignalAll();
  }
  thread_.join();
}

void PeriodicTask::Run() {
  SetThreadName(name_);
  while (Wait(every_)) {
    work_([this](absl::Duration duration) { return Wait(duration); });
  }
}

bool PeriodicTask::Wait(absl::Duration duration) {
  const Clock* clock = Clock::Real();
  const absl::Duration end = clock->Monotonic() + duration;
  MutexLock lock(&mutex_);
  while (!stop_ && clock->Monotonic() < end) {
    stop_changed_.WaitFor(&mutex_, end - clock->Monotonic());
  }
  return !stop_;
}

}  // namespace ropewalk
