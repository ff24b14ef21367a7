#include "worker/serve/generation_scheduler.h"

#include <pthread.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/metrics.h"
#include "services/common/status_macros.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

// Every wait has an end; what is waited for wakes the thread at once.
constexpr absl::Duration kLongestWait = absl::Seconds(1);

prometheus::Gauge& WaitingTexts() {
  return GaugeMetric("ropewalk_generation_waiting", "Texts that wait for a place.");
}

prometheus::Counter& NewTokens() {
  return CounterMetric("ropewalk_generation_tokens_total", "New tokens of all texts.");
}

absl::Status GoingDown() { return absl::UnavailableError("the server is going down"); }

}  // namespace

GenerationScheduler::GenerationScheduler(BatchDecoder decoder, const GenerationLimits& limits)
    : limits_(limits), decoder_(std::move(decoder)), generator_(&decoder_), thread_([this] {
        pthread_setname_np(pthread_self(), "generator");
        if (limits_.threads > 0) SetThreads(limits_.threads);
        Run();
      }) {}

GenerationScheduler::~GenerationScheduler() {
  Stop();
  thread_.join();
}

void GenerationScheduler::Stop() {
  MutexLock lock(&mutex_);
  stopping_ = true;
  for (const Waiting& waiting : queue_) waiting.stream->Abort(GoingDown());
  queue_.clear();
  changed_.SignalAll();
}

absl::Status GenerationScheduler::Submit(GenerationTask task,
                                         std::shared_ptr<GenerationStream> stream) {
  RETURN_IF_ERROR(CheckTask(decoder_.config(), task));
  const int64_t tokens = MostTokens(decoder_.config(), task);
  if (tokens > limits_.max_cached_tokens) {
    return absl::InvalidArgumentError(absl::StrCat("prompt and max_new_tokens are ", tokens,
                                                   " tokens together; this server ",
                                                   "keeps at most ", limits_.max_cached_tokens));
  }
  MutexLock lock(&mutex_);
  if (stopping_) return GoingDown();
  if (static_cast<int64_t>(queue_.size()) >= limits_.max_queue) {
    return absl::ResourceExhaustedError(
        absl::StrCat(queue_.size(), " texts are waiting already; try again later"));
  }
  queue_.push_back({std::move(task), std::move(stream), tokens});
  WaitingTexts().Set(static_cast<double>(queue_.size()));
  changed_.SignalAll();
  return absl::OkStatus();
}

void GenerationScheduler::Run() {
  while (!stopping()) {
    Admit();
    if (generator_.size() > 0) generator_.Step();
  }
  while (generator_.size() > 0) generator_.Step();  // ends those under way
}

void GenerationScheduler::Admit() {
  Waiting next;
  while (true) {
    {
      MutexLock lock(&mutex_);
      while (queue_.empty() && generator_.size() == 0 && !stopping_) {
        changed_.WaitFor(&mutex_, kLongestWait);
      }
      if (!Take(&next)) return;
    }
    Begin(std::move(next));
  }
}

bool GenerationScheduler::Take(Waiting* next) {
  while (!queue_.empty() && queue_.front().stream->cancelled()) queue_.pop_front();
  const bool room = !stopping_ && !queue_.empty() && generator_.size() < limits_.max_batch &&
                    cached_tokens_ + queue_.front().tokens <= limits_.max_cached_tokens;
  if (room) {
    *next = std::move(queue_.front());
    queue_.pop_front();
  }
  WaitingTexts().Set(static_cast<double>(queue_.size()));
  return room;
}

// Adds the book-keeping to the task's own callbacks.
void GenerationScheduler::Begin(Waiting next) {
  next.task.on_token = [this, stream = next.stream,
                        put = std::move(next.task.on_token)](int32_t token) {
    NewTokens().Increment();
    const bool goes_on = put(token);
    if (!stopping()) return goes_on;
    stream->Abort(GoingDown());
    return false;
  };
  next.task.on_end = [this, tokens = next.tokens,
                      end = std::move(next.task.on_end)](FinishReason reason) {
    cached_tokens_ -= tokens;
    end(reason);
  };
  cached_tokens_ += next.tokens;
  const absl::Status begun = generator_.Add(std::move(next.task));
  if (!begun.ok()) next.stream->Abort(begun);
}

bool GenerationScheduler::stopping() const {
  MutexLock lock(&mutex_);
  return stopping_;
}

}  // namespace ropewalk
