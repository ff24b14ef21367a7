#include "services/registry/postgres/postgres_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/status_macros.h"

namespace ropewalk {

absl::Status PostgresPool::Run(TransactionKind kind, PostgresWork work) {
  bool may_try_again = false;
  absl::Status status = RunOnce(kind, work, &may_try_again);
  if (may_try_again) status = RunOnce(kind, work, &may_try_again);
  return status;
}

absl::Status PostgresPool::RunOnce(TransactionKind kind, PostgresWork work, bool* may_try_again) {
  *may_try_again = false;
  ASSIGN_OR_RETURN(std::unique_ptr<PostgresSession> session, Take());
  const absl::Status status = session->Run(kind, work);
  if (session->broken()) {
    *may_try_again = session->may_try_again();
    session.reset();
    DropIdle();
  }
  GiveBack(std::move(session));
  return status;
}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresPool::WaitForRoom() {
  const absl::Duration deadline = Clock::Real()->Monotonic() + patience_;
  MutexLock lock(&mutex_);
  while (idle_.empty() && open_ == size_) {
    const absl::Duration left = deadline - Clock::Real()->Monotonic();
    if (left <= absl::ZeroDuration()) {
      return absl::UnavailableError(absl::StrCat("postgresql: all ", size_,
                                                 " connections have been busy for ",
                                                 absl::FormatDuration(patience_), "; try again"));
    }
    changed_.WaitFor(&mutex_, left);
  }
  if (idle_.empty()) {
    ++open_;
    return std::unique_ptr<PostgresSession>();
  }
  std::unique_ptr<PostgresSession> session = std::move(idle_.back());
  idle_.pop_back();
  return session;
}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresPool::Take() {
  ASSIGN_OR_RETURN(std::unique_ptr<PostgresSession> idle, WaitForRoom());
  if (idle != nullptr) return idle;
  auto connected = connect_();
  if (!connected.ok()) GiveBack(nullptr);
  return connected;
}

void PostgresPool::GiveBack(std::unique_ptr<PostgresSession> session) {
  MutexLock lock(&mutex_);
  if (session == nullptr) {
    --open_;
  } else {
    idle_.push_back(std::move(session));
  }
  changed_.SignalAll();
}

void PostgresPool::DropIdle() {
  std::vector<std::unique_ptr<PostgresSession>> dropped;
  MutexLock lock(&mutex_);
  dropped.swap(idle_);
  open_ -= static_cast<int>(dropped.size());
  changed_.SignalAll();
}

}  // namespace ropewalk
