#include "services/registry/postgres/postgres_session.h"

#include <fcntl.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_status.h"

namespace ropewalk {
namespace {

// Of kChange, held until the transaction ends. Advisory locks are a database's; "ropewal" and 1.
constexpr int64_t kChangeLock = 0x726f706577616c01;

absl::Status Lost() {
  return absl::UnavailableError("postgresql: the connection to the server is lost; try again");
}

// Synchronous commit is only raised: who asked for more than this server's disk gets it. The
// server's keepalives notice a registry whose machine is gone, which may hold locks.
std::string Settings(const PostgresOptions& options) {
  const auto ms = [](absl::Duration duration) { return absl::ToInt64Milliseconds(duration); };
  return absl::StrCat(
      "SET search_path = ropewalk_registry; SET bytea_output = hex; SET statement_timeout = ",
      ms(options.statement), "; SET lock_timeout = ", ms(options.row_lock),
      "; SET idle_in_transaction_session_timeout = ", ms(options.transaction),
      "; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; "
      "SET tcp_keepalives_count = 3; SELECT set_config('synchronous_commit', 'on', false) "
      "WHERE current_setting('synchronous_commit') = 'off'");
}

}  // namespace

PostgresSession::PostgresSession(const std::string& connection_string,
                                 const PostgresOptions& options, SocketWatch* watch)
    : options_(options), watch_(watch), connection_(connection_string) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  // libpqxx 7 has neither the call nor what it switches off.
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  socket_ = fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0);
}

PostgresSession::~PostgresSession() {
  if (socket_ >= 0) close(socket_);
}

absl::StatusOr<std::unique_ptr<PostgresSession>> PostgresSession::Connect(
    const std::string& connection_string, const PostgresOptions& options, SocketWatch* watch) {
  std::unique_ptr<PostgresSession> session;
  try {
    session.reset(new PostgresSession(connection_string, options, watch));
  } catch (const std::exception& error) {
    // Whatever libpq says, the server is not there for us.
    return absl::UnavailableError(StatusOf(error).message());
  }
  if (session->socket_ < 0) {
    return absl::ResourceExhaustedError(
        "too many files are open in this process; raise its limit (ulimit -n)");
  }
  RETURN_IF_ERROR(session->RunBare(options.statement, [&](PostgresTransaction& transaction) {
    transaction.RunScript(Settings(options));
    return absl::OkStatus();
  }));
  return session;
}

absl::Status PostgresSession::Watched(absl::Duration timeout,
                                      absl::FunctionRef<void(absl::Status*)> call) {
  if (broken()) return Lost();
  committing_ = false;
  certain_ = true;
  const SocketWatch::Guard guard(watch_, socket_, timeout);
  absl::Status status;
  try {
    call(&status);
    return status;
  } catch (const std::exception& error) {
    status = StatusOf(error);
    if (!IsRefusal(error)) broken_ = true;
    // libpqxx does not always call it that.
    if (!connection_.is_open()) status = absl::UnavailableError(status.message());
  }
  if (!broken()) return status;
  certain_ = !committing_ && !guard.expired();
  if (committing_) {
    return absl::UnavailableError(
        "postgresql: the connection was lost while a change was committed, so it may be made or "
        "not; look, or make it again");
  }
  if (!guard.expired()) return status;
  return absl::UnavailableError(
      absl::StrCat("postgresql: the server did not answer within ", absl::FormatDuration(timeout)));
}

std::unique_ptr<pqxx::transaction_base> PostgresSession::Begin(TransactionKind kind) {
  using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;
  switch (kind) {
    case TransactionKind::kStatement:
      return std::make_unique<pqxx::nontransaction>(connection_);
    case TransactionKind::kSnapshot:
      return std::make_unique<Snapshot>(connection_);
    case TransactionKind::kChange:
      break;
  }
  return std::make_unique<pqxx::work>(connection_);
}

void PostgresSession::RunAndCommit(TransactionKind kind, PostgresWork work, absl::Status* status) {
  const std::unique_ptr<pqxx::transaction_base> begun = Begin(kind);
  PostgresTransaction transaction(&connection_, begun.get());
  const bool changes = kind == TransactionKind::kChange;
  if (changes) transaction.Run("SELECT pg_advisory_xact_lock($1)", kChangeLock);
  *status = work(transaction);
  if (!status->ok()) return;
  committing_ = changes && connection_.is_open();
  begun->commit();
}

absl::Status PostgresSession::Run(TransactionKind kind, PostgresWork work) {
  return Watched(options_.transaction,
                 [&](absl::Status* status) { RunAndCommit(kind, work, status); });
}

absl::Status PostgresSession::RunBare(absl::Duration timeout, PostgresWork work) {
  return Watched(timeout, [&](absl::Status* status) {
    pqxx::nontransaction bare(connection_);
    PostgresTransaction transaction(&connection_, &bare);
    *status = work(transaction);
  });
}

}  // namespace ropewalk
