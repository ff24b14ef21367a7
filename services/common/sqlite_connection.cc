#include "services/common/sqlite_connection.h"

#include <sqlite3.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusCode CodeOf(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_FULL:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_IOERR:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

// The number that PRAGMA user_version gives.
absl::StatusOr<int> UserVersion(sqlite3* connection) {
  int version = 0;
  const auto read = [](void* result, int, char** columns, char**) {
    return absl::SimpleAtoi(columns[0], static_cast<int*>(result)) ? 0 : 1;
  };
  if (sqlite3_exec(connection, "PRAGMA user_version", read, &version, nullptr) != SQLITE_OK) {
    return absl::UnavailableError(sqlite3_errmsg(connection));
  }
  return version;
}

}  // namespace

void SqliteConnection::Closer::operator()(sqlite3* connection) const { sqlite3_close(connection); }

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
}

sqlite3_stmt* SqliteConnection::Take(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const auto found = idle_.find(sql);
  if (found == idle_.end()) {
    sqlite3_prepare_v2(get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    return statement;
  }
  statement = found->second;
  idle_.erase(found);
  return statement;
}

void SqliteConnection::Return(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (idle_.size() < kMostIdle) {
    idle_.emplace(sqlite3_sql(statement), statement);
  } else {
    sqlite3_finalize(statement);
  }
}

absl::StatusOr<bool> SqliteConnection::Step(sqlite3_stmt* statement) {
  if (statement == nullptr) return Error();
  RETURN_IF_ERROR(Settle());
  switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return Error();
  }
}

absl::Status SqliteConnection::Execute(const std::string& sql) {
  RETURN_IF_ERROR(Settle());
  if (sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
    return absl::OkStatus();
  }
  return Error();
}

absl::Status SqliteConnection::Error() {
  const int code = sqlite3_extended_errcode(get());
  // Not by SQLITE_FULL: then the last record of the transaction has no room, so it is not whole.
  if ((code & 0xff) == SQLITE_IOERR) in_doubt_ = true;
  return absl::Status(CodeOf(code), absl::StrCat("sqlite: ", sqlite3_errmsg(get())));
}

// The records of a log are a chain of checksums: the first of another transaction ends what was
// there. Within a transaction there is nothing to settle: it will be undone.
absl::Status SqliteConnection::Settle() {
  if (!in_doubt_ || sqlite3_get_autocommit(get()) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int version, UserVersion(get()));
  const std::string same = absl::StrCat("PRAGMA user_version = ", version);
  if (sqlite3_exec(get(), same.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return Error();
  in_doubt_ = false;
  return absl::OkStatus();
}

}  // namespace ropewalk
