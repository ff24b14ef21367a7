#include "services/common/sqlite_database.h"

#include <sqlite3.h>

#include <functional>
#include <map>

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

absl::Status ErrorOf(sqlite3* database) {
  return absl::Status(CodeOf(sqlite3_extended_errcode(database)),
                      absl::StrCat("sqlite: ", sqlite3_errmsg(database)));
}

}  // namespace

// The compiled statements that nobody uses now, by their texts: compiling takes longer than most
// statements run.
class SqliteStatements {
 public:
  ~SqliteStatements() {
    for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
  }

  // Null if it cannot be compiled.
  sqlite3_stmt* Take(sqlite3* database, absl::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const auto found = idle_.find(sql);
    if (found == idle_.end()) {
      sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
      return statement;
    }
    statement = found->second;
    idle_.erase(found);
    return statement;
  }

  void Return(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (idle_.size() < kMostIdle) {
      idle_.emplace(sqlite3_sql(statement), statement);
    } else {
      sqlite3_finalize(statement);
    }
  }

 private:
  static constexpr size_t kMostIdle = 200;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle_;
};

void SqliteStatement::Returner::operator()(sqlite3_stmt* statement) const {
  statements->Return(statement);
}

SqliteStatement& SqliteStatement::Bind(int64_t value) {
  sqlite3_bind_int64(statement_.get(), next_parameter_++, value);
  return *this;
}

SqliteStatement& SqliteStatement::Bind(absl::string_view text) {
  sqlite3_bind_text64(statement_.get(), next_parameter_++, text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::BindDouble(double value) {
  sqlite3_bind_double(statement_.get(), next_parameter_++, value);
  return *this;
}

SqliteStatement& SqliteStatement::BindBlob(absl::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), next_parameter_++, bytes.data(), bytes.size(),
                      SQLITE_TRANSIENT);
  return *this;
}

SqliteStatement& SqliteStatement::BindNull() {
  sqlite3_bind_null(statement_.get(), next_parameter_++);
  return *this;
}

absl::StatusOr<bool> SqliteStatement::Step() {
  if (statement_ == nullptr) return ErrorOf(database_);
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      return ErrorOf(database_);
  }
}

absl::Status SqliteStatement::Run() {
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, Step());
    if (!has_row) return absl::OkStatus();
  }
}

int64_t SqliteStatement::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double SqliteStatement::Double(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string SqliteStatement::Bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

void SqliteDatabase::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path) {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  SqliteDatabase database(connection);
  // In exclusive mode the first transaction takes the file's lock and nothing gives it back before
  // the process ends.
  const absl::Status status =
      code == SQLITE_OK
          ? database.Execute(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
                "BEGIN EXCLUSIVE; COMMIT;")
          : ErrorOf(connection);
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    return absl::FailedPreconditionError(absl::StrCat("another process has the database ", path,
                                                      " open; stop it or name another file"));
  }
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  return database;
}

SqliteDatabase::SqliteDatabase(sqlite3* database)
    : database_(database), statements_(std::make_shared<SqliteStatements>()) {}

SqliteStatement SqliteDatabase::Prepare(absl::string_view sql) {
  return SqliteStatement(database_.get(), {statements_->Take(database_.get(), sql),
                                           SqliteStatement::Returner{statements_.get()}});
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) {
    return absl::OkStatus();
  }
  return ErrorOf(database_.get());
}

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(database_.get()); }

}  // namespace ropewalk
