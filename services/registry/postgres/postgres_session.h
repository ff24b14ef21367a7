#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/registry/postgres/postgres_options.h"
#include "services/registry/postgres/postgres_transaction.h"
#include "services/registry/postgres/socket_watch.h"

namespace ropewalk {

enum class TransactionKind {
  // One statement that reads.
  kStatement,
  // Several that read, all at the same moment.
  kSnapshot,
  // Reads and changes, all of it or nothing. No other change in the database is made meanwhile, in
  // whatever process: what the work looks up stays so, positions grow in the order of commits, and
  // changes are never in each other's way.
  kChange,
};

// What runs in a transaction. An error, or an exception of libpqxx, undoes it.
using PostgresWork = absl::FunctionRef<absl::Status(PostgresTransaction&)>;

// One connection to a server, on the registry's own schema (namespace of tables)
// "ropewalk_registry". It is never replaced silently, as libpqxx's connections are: what is tied to
// it, as locks are, lasts as long as it does. Every call has a deadline. Not thread-safe.
class PostgresSession {
 public:
  // `connection_string`: of PostgresConnectionString. `watch` is not owned and outlives the
  // session. UNAVAILABLE: the server cannot be reached, or lets nobody in with that name and
  // password.
  static absl::StatusOr<std::unique_ptr<PostgresSession>> Connect(
      const std::string& connection_string, const PostgresOptions& options, SocketWatch* watch);

  ~PostgresSession();

  // Runs `work` in a transaction and commits it. Errors are the work's or StatusOf's.
  absl::Status Run(TransactionKind kind, PostgresWork work);

  // Runs `work` outside of any transaction, within `timeout`.
  absl::Status RunBare(absl::Duration timeout, PostgresWork work);

  // Whether the connection is lost: every further call is UNAVAILABLE.
  bool broken() const { return broken_ || !connection_.is_open(); }

  // Of a broken session: whether the last call has certainly done nothing, and did not wait until
  // its time was up. Then it can be made again on another one.
  bool may_try_again() const { return broken() && certain_; }

 private:
  PostgresSession(const std::string& connection_string, const PostgresOptions& options,
                  SocketWatch* watch);

  std::unique_ptr<pqxx::transaction_base> Begin(TransactionKind kind);
  void RunAndCommit(TransactionKind kind, PostgresWork work, absl::Status* status);
  absl::Status Watched(absl::Duration timeout, absl::FunctionRef<void(absl::Status*)> call);

  const PostgresOptions options_;
  SocketWatch* const watch_;
  pqxx::connection connection_;
  // The connection's socket under a number of its own, which stays when libpq closes its one.
  int socket_ = -1;
  bool broken_ = false;
  bool committing_ = false;
  bool certain_ = true;
};

}  // namespace ropewalk
