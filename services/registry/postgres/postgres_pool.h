#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "services/registry/postgres/postgres_session.h"

namespace ropewalk {

using PostgresConnect = std::function<absl::StatusOr<std::unique_ptr<PostgresSession>>()>;

// A bounded number of sessions, made when they are needed and kept from then on. Thread-safe.
class PostgresPool {
 public:
  // At most `size` sessions, which `connect` makes. A call waits for one at most `patience`.
  PostgresPool(PostgresConnect connect, int size, absl::Duration patience)
      : connect_(std::move(connect)), size_(size), patience_(patience) {}

  // Runs `work` on a session that nobody else uses meanwhile. If its connection turns out to be
  // lost and nothing was done, runs it once more on a new one: `work` must not mind.
  // UNAVAILABLE: all sessions were busy for too long. Other errors are PostgresSession's.
  absl::Status Run(TransactionKind kind, PostgresWork work);

 private:
  absl::Status RunOnce(TransactionKind kind, PostgresWork work, bool* may_try_again);
  absl::StatusOr<std::unique_ptr<PostgresSession>> Take();
  // Of a session that is open, null: one that was given up.
  void GiveBack(std::unique_ptr<PostgresSession> session);
  // After one was found broken: the server has probably been away, and all are.
  void DropIdle();
  // Null: there is room for a new one.
  absl::StatusOr<std::unique_ptr<PostgresSession>> WaitForRoom();

  const PostgresConnect connect_;
  const int size_;
  const absl::Duration patience_;
  Mutex mutex_;
  CondVar changed_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<PostgresSession>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
