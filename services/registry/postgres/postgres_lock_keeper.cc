#include "services/registry/postgres/postgres_lock_keeper.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// "ropewal" and 2.
constexpr int64_t kWriteLock = 0x726f706577616c02;

absl::Duration Now() { return Clock::Real()->Monotonic(); }

// Servers before PostgreSQL 14 do not have this limit.
std::string LimitIdleness(absl::Duration idle) {
  return absl::StrCat("SELECT set_config(name, '", absl::ToInt64Milliseconds(idle),
                      "', false) FROM pg_settings WHERE name = 'idle_session_timeout'; ");
}

// The session keeps the lock when the transaction ends; the limits on waiting go with it.
std::string LockScript(absl::Duration wait, absl::Duration idle) {
  const int64_t wait_ms = std::max<int64_t>(1, absl::ToInt64Milliseconds(wait));
  return absl::StrCat("BEGIN; ", LimitIdleness(idle), "SET LOCAL lock_timeout = ", wait_ms,
                      "; SET LOCAL statement_timeout = ", wait_ms + 1000,
                      "; SELECT pg_advisory_lock(", kWriteLock, "); COMMIT");
}

std::string UnlockScript() {
  return absl::StrCat(LimitIdleness(absl::ZeroDuration()), "SELECT pg_advisory_unlock(", kWriteLock,
                      ")");
}

absl::Status TookTooLong(absl::Duration patience) {
  return absl::UnavailableError(absl::StrCat("others have held the registry's write lock for ",
                                             absl::FormatDuration(patience), "; try again"));
}

}  // namespace

class PostgresLockKeeper::Held final : public WriteLock {
 public:
  explicit Held(PostgresLockKeeper* keeper) : keeper_(keeper) {}
  ~Held() override { keeper_->LetGo(); }

 private:
  PostgresLockKeeper* const keeper_;
};

absl::StatusOr<std::unique_ptr<WriteLock>> PostgresLockKeeper::Take() {
  const absl::Duration deadline = Now() + options_.write_lock;
  RETURN_IF_ERROR(WaitForTurn(deadline));
  const absl::Status locked = Lock(deadline);
  if (!locked.ok()) {
    // What the session holds now is not known.
    session_.reset();
    EndTurn();
    return locked;
  }
  MutexLock lock(&mutex_);
  holder_ = std::this_thread::get_id();
  return std::make_unique<Held>(this);
}

PostgresSession* PostgresLockKeeper::Mine() {
  MutexLock lock(&mutex_);
  return holder_ == std::this_thread::get_id() ? session_.get() : nullptr;
}

absl::Status PostgresLockKeeper::WaitForTurn(absl::Duration deadline) {
  MutexLock lock(&mutex_);
  while (taken_) {
    const absl::Duration left = deadline - Now();
    if (left <= absl::ZeroDuration()) return TookTooLong(options_.write_lock);
    changed_.WaitFor(&mutex_, left);
  }
  taken_ = true;
  return absl::OkStatus();
}

void PostgresLockKeeper::EndTurn() {
  MutexLock lock(&mutex_);
  taken_ = false;
  holder_ = std::thread::id();
  changed_.SignalAll();
}

// The session may have been idle for long, and lost meanwhile.
absl::Status PostgresLockKeeper::Lock(absl::Duration deadline) {
  if (session_ != nullptr) {
    const absl::Status locked = LockOnSession(deadline);
    if (!session_->may_try_again()) return locked;
  }
  ASSIGN_OR_RETURN(session_, connect_());
  return LockOnSession(deadline);
}

absl::Status PostgresLockKeeper::LockOnSession(absl::Duration deadline) {
  const absl::Duration wait = deadline - Now();
  const std::string script = LockScript(wait, options_.write_lock_idle);
  const absl::Status locked =
      session_->RunBare(wait + options_.row_lock, [&](PostgresTransaction& transaction) {
        transaction.RunScript(script);
        return absl::OkStatus();
      });
  const bool refused = absl::IsUnavailable(locked) && !session_->broken();
  return refused ? TookTooLong(options_.write_lock) : locked;
}

void PostgresLockKeeper::LetGo() {
  bool held = false;
  const absl::Status status =
      session_->RunBare(options_.statement, [&](PostgresTransaction& transaction) {
        held = transaction.RunScript(UnlockScript())[0][0].as<bool>();
        return absl::OkStatus();
      });
  if (!status.ok() || !held) session_.reset();
  EndTurn();
}

}  // namespace ropewalk
