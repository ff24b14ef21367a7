#include "coordinator/rpc/event_loop.h"

#include <utility>

#include "services/common/clock.h"
#include "services/common/threads.h"

namespace ropewalk {

EventLoop::EventLoop(Options options) : options_(std::move(options)), thread_([this] { Run(); }) {}

bool EventLoop::Post(Task task) {
  MutexLock lock(&mutex_);
  if (stopping_) return false;
  tasks_.push_back(std::move(task));
  condition_.SignalAll();
  return true;
}

void EventLoop::Stop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    condition_.SignalAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::vector<EventLoop::Task> EventLoop::Wait(absl::Duration timeout, bool* stopping) {
  MutexLock lock(&mutex_);
  if (tasks_.empty() && !stopping_ && timeout > absl::ZeroDuration()) {
    condition_.WaitFor(&mutex_, timeout);
  }
  *stopping = stopping_;
  return std::exchange(tasks_, {});
}

void EventLoop::Run() {
  SetThreadName(options_.thread_name);
  absl::Duration next_tick = Clock::Real()->Monotonic();
  for (bool stopping = false; !stopping;) {
    const std::vector<Task> tasks = Wait(next_tick - Clock::Real()->Monotonic(), &stopping);
    for (const Task& task : tasks) task();
    if (!tasks.empty()) options_.after_tasks();
    const absl::Duration now = Clock::Real()->Monotonic();
    if (now < next_tick) continue;
    options_.on_tick();
    next_tick = now + options_.tick_period;
  }
}

}  // namespace ropewalk
