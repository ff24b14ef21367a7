#pragma once

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"
#include "services/registry/metadata_store.h"
#include "services/registry/postgres/postgres_pool.h"

namespace ropewalk {

// The write lock of a database: an advisory lock that a session holds, so that the server lets go
// of it when the session ends, whatever becomes of the process.
//
// A session may also end while the lock is held: the server restarts, an administrator ends it, the
// network breaks. Then another process gets the lock, and what the holder has looked up need not
// hold any more. Therefore everything that the holding thread asks of the store runs on the locking
// session itself: a change commits only in a session that is there, and a session that is there has
// never let go of the lock. Once it is lost, the holder's calls fail, until it has let go and asked
// for the lock again. To ask "do I still hold it?" on another connection before a change would
// leave a gap between the answer and the commit.
//
// The session is no pool's, so a holder never waits for one that a thread which waits for the lock
// could have. The threads of a process queue here, and only the first of them at the server, which
// serves processes in their order. Thread-safe.
class PostgresLockKeeper {
 public:
  PostgresLockKeeper(PostgresConnect connect, const PostgresOptions& options)
      : connect_(std::move(connect)), options_(options) {}

  // As MetadataStore::LockForWriting. The lock is let go before the keeper is destroyed.
  absl::StatusOr<std::unique_ptr<WriteLock>> Take();

  // The session on which the calling thread holds the lock; null: it holds none.
  PostgresSession* Mine();

 private:
  class Held;

  absl::Status WaitForTurn(absl::Duration deadline);
  void EndTurn();
  absl::Status Lock(absl::Duration deadline);
  absl::Status LockOnSession(absl::Duration deadline);
  void LetGo();

  const PostgresConnect connect_;
  const PostgresOptions options_;
  Mutex mutex_;
  CondVar changed_;
  // A thread of this process has the lock, or is asking the server for it.
  bool taken_ ABSL_GUARDED_BY(mutex_) = false;
  // Has it.
  std::thread::id holder_ ABSL_GUARDED_BY(mutex_);
  // Null: there is none yet, or no more. Of the thread whose turn it is.
  std::unique_ptr<PostgresSession> session_;
};

}  // namespace ropewalk
