#include "services/common/call_monitor.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/grpc_status.h"
#include "services/common/mutex.h"
#include "services/common/threads.h"

namespace ropewalk {

struct CallMonitor::Call::Watched {
  grpc::ClientContext context;
  // Guarded by the monitor's mutex:
  absl::Duration deadline;  // On the monotonic clock.
  bool stalled = false;
};

struct CallMonitor::State {
  State(absl::Duration timeout, std::string authorization)
      : stall_timeout(timeout), authorization(std::move(authorization)) {}

  absl::Duration NextDeadline() { return Clock::Real()->Monotonic() + stall_timeout; }
  void CancelStalled() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  void Watch();

  const absl::Duration stall_timeout;
  const std::string authorization;
  Mutex mutex;
  CondVar changed;
  bool cancelled ABSL_GUARDED_BY(mutex) = false;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  std::set<Call::Watched*> calls ABSL_GUARDED_BY(mutex);
  std::thread thread;
};

void CallMonitor::State::CancelStalled() {
  const absl::Duration now = Clock::Real()->Monotonic();
  for (Call::Watched* call : calls) {
    if (call->stalled || now < call->deadline) continue;
    call->stalled = true;
    call->context.TryCancel();
  }
}

void CallMonitor::State::Watch() {
  SetThreadName("call-monitor");
  // A stall is noticed late by a tenth at most; without calls there is nothing to look at.
  const absl::Duration look = std::max(stall_timeout / 10, absl::Milliseconds(1));
  MutexLock lock(&mutex);
  while (!stopping) {
    changed.WaitFor(&mutex, calls.empty() ? absl::Minutes(1) : look);
    CancelStalled();
  }
}

CallMonitor::CallMonitor(absl::Duration stall_timeout, std::string authorization)
    : state_(std::make_unique<State>(stall_timeout, std::move(authorization))) {
  state_->thread = std::thread([state = state_.get()] { state->Watch(); });
}

CallMonitor::~CallMonitor() {
  {
    MutexLock lock(&state_->mutex);
    state_->stopping = true;
    state_->changed.SignalAll();
  }
  state_->thread.join();
}

void CallMonitor::CancelAll() {
  MutexLock lock(&state_->mutex);
  state_->cancelled = true;
  state_->changed.SignalAll();
  for (Call::Watched* call : state_->calls) call->context.TryCancel();
}

bool CallMonitor::cancelled() const {
  MutexLock lock(&state_->mutex);
  return state_->cancelled;
}

bool CallMonitor::Sleep(absl::Duration delay) {
  const Clock* clock = Clock::Real();
  const absl::Duration end = clock->Monotonic() + delay;
  MutexLock lock(&state_->mutex);
  while (!state_->cancelled && clock->Monotonic() < end) {
    state_->changed.WaitFor(&state_->mutex, end - clock->Monotonic());
  }
  return !state_->cancelled;
}

CallMonitor::Call::Call(CallMonitor* monitor)
    : monitor_(monitor->state_.get()), watched_(std::make_unique<Watched>()) {
  if (!monitor_->authorization.empty()) {
    watched_->context.AddMetadata("authorization", monitor_->authorization);
  }
  MutexLock lock(&monitor_->mutex);
  watched_->deadline = monitor_->NextDeadline();
  if (monitor_->cancelled) watched_->context.TryCancel();
  monitor_->calls.insert(watched_.get());
  monitor_->changed.SignalAll();
}

CallMonitor::Call::~Call() {
  MutexLock lock(&monitor_->mutex);
  monitor_->calls.erase(watched_.get());
}

grpc::ClientContext* CallMonitor::Call::context() { return &watched_->context; }

void CallMonitor::Call::Progress() {
  MutexLock lock(&monitor_->mutex);
  watched_->deadline = monitor_->NextDeadline();
}

absl::Status CallMonitor::Call::Finish(const grpc::Status& status) {
  MutexLock lock(&monitor_->mutex);
  if (status.ok()) return absl::OkStatus();
  if (monitor_->cancelled) return absl::CancelledError("the call was cancelled here");
  if (watched_->stalled) {
    return absl::DeadlineExceededError(
        absl::StrCat("nothing moved for ", absl::FormatDuration(monitor_->stall_timeout)));
  }
  return FromGrpcStatus(status);
}

}  // namespace ropewalk
