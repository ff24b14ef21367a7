#include "services/registry/s3/key_locks.h"

namespace ropewalk {
namespace {

// Against a signal that is missed.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

}  // namespace

KeyLocks::Lock::Lock(KeyLocks* locks, const std::string& name) : locks_(locks), name_(name) {
  MutexLock lock(&locks_->mutex_);
  while (!locks_->held_.insert(name_).second) {
    locks_->released_.WaitFor(&locks_->mutex_, kLookAgain);
  }
}

KeyLocks::Lock::~Lock() {
  MutexLock lock(&locks_->mutex_);
  locks_->held_.erase(name_);
  locks_->released_.SignalAll();
}

}  // namespace ropewalk
