#include "worker/ring/ring_poller.h"

#include <grpc/support/time.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"

namespace ropewalk {
namespace {

// After a turn of another thread the attendant leaves the queue to it for so long: most likely it
// comes again, and need not take the queue back.
constexpr absl::Duration kPause = absl::Milliseconds(2);

// How long anyone polls before looking around.
constexpr absl::Duration kLookAround = absl::Seconds(1);

}  // namespace

// The right to poll.
class RingPoller::Turn {
 public:
  explicit Turn(RingPoller* poller) : poller_(poller) {
    MutexLock lock(&poller_->mutex_);
    ++poller_->waiting_;
    while (poller_->polling_) {
      poller_->WakeLocked();
      poller_->changed_.WaitFor(&poller_->mutex_, kPause);
    }
    --poller_->waiting_;
    poller_->polling_ = true;
  }

  ~Turn() {
    MutexLock lock(&poller_->mutex_);
    poller_->polling_ = false;
    poller_->last_turn_ = absl::Now();
    if (poller_->waiting_ > 0) poller_->changed_.SignalAll();
  }

 private:
  RingPoller* const poller_;
};

RingPoller::RingPoller(std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : queue_(std::move(queue)), on_alarm_([this](bool) {
        MutexLock lock(&mutex_);
        waking_ = false;
      }) {
  attendant_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "ring-attendant");
    Attend();
  });
}

RingPoller::~RingPoller() {
  {
    MutexLock lock(&mutex_);
    closed_ = true;
    WakeLocked();
    changed_.SignalAll();
  }
  attendant_.join();
  // All that is under way ends, as its call has ended, or never began.
  queue_->Shutdown();
  void* tag;
  bool ok;
  while (queue_->Next(&tag, &ok)) (*static_cast<RingEvent*>(tag))(ok);
}

bool RingPoller::PollUntil(absl::FunctionRef<bool()> done, absl::Time deadline) {
  const Turn turn(this);
  while (!done()) {
    const absl::Time now = absl::Now();
    if (now >= deadline) return false;
    HandleOne(std::min(deadline, now + kLookAround));
  }
  return true;
}

void RingPoller::HandleOne(absl::Time deadline) {
  void* tag;
  bool ok;
  if (queue_->AsyncNext(&tag, &ok, absl::ToChronoTime(deadline)) ==
      grpc::CompletionQueue::GOT_EVENT) {
    (*static_cast<RingEvent*>(tag))(ok);
  }
}

void RingPoller::Attend() {
  while (true) {
    {
      MutexLock lock(&mutex_);
      if (closed_ && uses_ == 0) return;
      const bool others_turn = polling_ || waiting_ > 0 || absl::Now() < last_turn_ + kPause;
      if (others_turn) {
        changed_.WaitFor(&mutex_, kPause);
        continue;
      }
      polling_ = true;
    }
    HandleOne(absl::Now() + kLookAround);
    MutexLock lock(&mutex_);
    polling_ = false;
    if (waiting_ > 0) changed_.SignalAll();
  }
}

void RingPoller::Wake() {
  MutexLock lock(&mutex_);
  WakeLocked();
}

void RingPoller::WakeLocked() {
  if (std::exchange(waking_, true)) return;
  alarm_.Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC), &on_alarm_);
}

RingPoller::Use::Use(RingPoller* poller) : poller_(poller) {
  MutexLock lock(&poller_->mutex_);
  ++poller_->uses_;
}

RingPoller::Use::~Use() {
  MutexLock lock(&poller_->mutex_);
  --poller_->uses_;
}

}  // namespace ropewalk
