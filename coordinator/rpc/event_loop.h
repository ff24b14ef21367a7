#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// One thread that runs what is posted to it, in order, and ticks. Thread-safe.
class EventLoop {
 public:
  using Task = std::function<void()>;

  struct Options {
    std::string thread_name;
    absl::Duration tick_period;
    std::function<void()> after_tasks;  // after each batch of tasks
    std::function<void()> on_tick;      // every tick_period of real time, roughly
  };

  explicit EventLoop(Options options);
  ~EventLoop() { Stop(); }

  // Runs `task` on the loop's thread, soon. False: the loop has been stopped, and the task will not
  // run.
  bool Post(Task task);

  // Runs what has been posted so far and ends the thread. Not from the loop's own thread.
  void Stop();

 private:
  void Run();
  // What there is to do; waits up to `timeout` for it. Sets `stopping` if this is the last batch.
  std::vector<Task> Wait(absl::Duration timeout, bool* stopping);

  const Options options_;
  Mutex mutex_;
  CondVar condition_;
  std::vector<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ropewalk
