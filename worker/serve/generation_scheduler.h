#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "services/common/mutex.h"
#include "worker/generate/batch_decoder.h"
#include "worker/generate/generator.h"
#include "worker/serve/generation_stream.h"

namespace ropewalk {

// What a server takes on at a time.
struct GenerationLimits {
  int64_t max_batch = 16;             // texts that are continued together
  int64_t max_queue = 64;             // texts that wait for a place
  int64_t max_cached_tokens = 65536;  // of the texts that are continued, at their longest
  int threads = 0;                    // 0: one a core
};

// Continues texts of many callers together: a thread of its own gives all of them their next token,
// step by step; a text begins as soon as there is room, in the order in which they came.
// Thread-safe.
class GenerationScheduler {
 public:
  GenerationScheduler(BatchDecoder decoder, const GenerationLimits& limits);
  // Stops, and waits for the thread.
  ~GenerationScheduler();
  GenerationScheduler(const GenerationScheduler&) = delete;
  GenerationScheduler& operator=(const GenerationScheduler&) = delete;

  // Queues a text; the task's callbacks, which come from the scheduler's thread, feed `stream`.
  // INVALID_ARGUMENT: the model does not take it, or it has more tokens than can be cached.
  // RESOURCE_EXHAUSTED: the queue is full. UNAVAILABLE: it has been stopped.
  absl::Status Submit(GenerationTask task, std::shared_ptr<GenerationStream> stream);

  // Aborts with UNAVAILABLE the texts that wait, and those under way at their next token.
  void Stop();

 private:
  struct Waiting {
    GenerationTask task;
    std::shared_ptr<GenerationStream> stream;
    int64_t tokens = 0;  // at its longest
  };

  void Run();
  // Moves texts for which there is room to the generator. Waits for one if there is nothing to do.
  void Admit();
  // Takes the first that waits, if there is room for it.
  bool Take(Waiting* next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Begin(Waiting next);
  bool stopping() const;

  const GenerationLimits limits_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The thread's own.
  BatchDecoder decoder_;
  Generator generator_;
  int64_t cached_tokens_ = 0;

  std::thread thread_;
};

}  // namespace ropewalk
