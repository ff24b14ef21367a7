#include "worker/agent/desired_state.h"

#include <google/protobuf/util/message_differencer.h>

#include <utility>

namespace ropewalk {
namespace {

bool Same(const std::optional<v1::Assignment>& a, const std::optional<v1::Assignment>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a.has_value() || google::protobuf::util::MessageDifferencer::Equals(*a, *b);
}

}  // namespace

void DesiredState::Set(std::optional<v1::Assignment> wanted) {
  MutexLock lock(&mutex_);
  if (shut_down_) return;
  wanted_ = std::move(wanted);
  InterruptIfOvertaken();
  changed_.SignalAll();
}

void DesiredState::Shutdown() {
  MutexLock lock(&mutex_);
  shut_down_ = true;
  wanted_.reset();
  InterruptIfOvertaken();
  changed_.SignalAll();
}

std::optional<v1::Assignment> DesiredState::Get() const {
  MutexLock lock(&mutex_);
  return wanted_;
}

bool DesiredState::shut_down() const {
  MutexLock lock(&mutex_);
  return shut_down_;
}

bool DesiredState::AwaitChange(const std::optional<v1::Assignment>& seen, absl::Duration timeout) {
  MutexLock lock(&mutex_);
  while (!shut_down_ && Same(wanted_, seen)) {
    if (!changed_.WaitFor(&mutex_, timeout)) return shut_down_ || !Same(wanted_, seen);
  }
  return true;
}

Overtaking DesiredState::OvertakenBy(const v1::Assignment& running) const {
  MutexLock lock(&mutex_);
  return HowOvertaken(running, wanted_);
}

void DesiredState::InterruptIfOvertaken() {
  if (interrupt_ && HowOvertaken(running_, wanted_) == Overtaking::kAtOnce) interrupt_();
}

DesiredState::Interrupter::Interrupter(DesiredState* desired, const v1::Assignment& running,
                                       std::function<void()> interrupt)
    : desired_(desired) {
  MutexLock lock(&desired_->mutex_);
  desired_->running_ = running;
  desired_->interrupt_ = std::move(interrupt);
  desired_->InterruptIfOvertaken();
}

DesiredState::Interrupter::~Interrupter() {
  MutexLock lock(&desired_->mutex_);
  desired_->interrupt_ = nullptr;
}

}  // namespace ropewalk
