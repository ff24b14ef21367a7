#include "services/common/sqlite_database.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {

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

absl::StatusOr<bool> SqliteStatement::Step() { return connection_->Step(statement_.get()); }

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

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  auto connection = std::make_unique<SqliteConnection>(opened);
  // In exclusive mode the first transaction takes the file's lock and nothing gives it back before
  // the process ends. What a process that crashed left in the log may not be on the disk yet.
  const absl::Status status =
      code == SQLITE_OK
          ? connection->Execute(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;"
                "BEGIN EXCLUSIVE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")
          : connection->Error();
  if (status.code() == absl::StatusCode::kFailedPrecondition) {
    return absl::FailedPreconditionError(absl::StrCat("another process has the database ", path,
                                                      " open; stop it or name another file"));
  }
  if (!status.ok()) return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
  return SqliteDatabase(std::move(connection));
}

SqliteStatement SqliteDatabase::Prepare(absl::string_view sql) {
  return SqliteStatement(connection_.get(), sql);
}

absl::Status SqliteDatabase::Execute(const std::string& sql) { return connection_->Execute(sql); }

int64_t SqliteDatabase::changes() const { return sqlite3_changes64(connection_->get()); }

}  // namespace ropewalk
