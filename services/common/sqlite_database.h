#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/sqlite_connection.h"

namespace ropewalk {

// One SQL statement; parameters and columns count from 0. Its text must be right: a statement that
// SQLite cannot compile gives its error at the first Step(). Not thread-safe.
class SqliteStatement {
 public:
  SqliteStatement& Bind(int64_t value);
  SqliteStatement& Bind(absl::string_view text);
  SqliteStatement& BindDouble(double value);
  SqliteStatement& BindBlob(absl::string_view bytes);
  SqliteStatement& BindNull();

  // True: there is a row. False: there is none any more.
  absl::StatusOr<bool> Step();
  // Runs a statement to its end; rows, if any, are dropped.
  absl::Status Run();

  int64_t Int(int column) const;
  double Double(int column) const;
  // Of text and blobs.
  std::string Bytes(int column) const;

 private:
  friend class SqliteDatabase;

  // Gives a statement back when it is not needed any more.
  struct Returner {
    SqliteConnection* connection;
    void operator()(sqlite3_stmt* statement) const { connection->Return(statement); }
  };
  SqliteStatement(SqliteConnection* connection, absl::string_view sql)
      : connection_(connection), statement_(connection->Take(sql), Returner{connection}) {}

  SqliteConnection* const connection_;
  int next_parameter_ = 1;
  std::unique_ptr<sqlite3_stmt, Returner> statement_;
};

// The one connection to a database file, which it holds exclusively. Commits reach the disk before
// they return (WAL, synchronous=FULL); one that fails has changed nothing, also after a crash.
// Keeps up to 64 MiB of the file in memory. Not thread-safe.
class SqliteDatabase {
 public:
  // Creates the file if absent.
  // FAILED_PRECONDITION: another process holds it. Other errors: SQLite's, with the path.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path);

  // Compiled once for each text, as long as there are not too many. Destroyed before the database.
  SqliteStatement Prepare(absl::string_view sql);
  // Runs statements without parameters.
  absl::Status Execute(const std::string& sql);
  // Rows that the last statement changed.
  int64_t changes() const;

 private:
  explicit SqliteDatabase(std::unique_ptr<SqliteConnection> connection)
      : connection_(std::move(connection)) {}

  std::unique_ptr<SqliteConnection> connection_;
};

}  // namespace ropewalk
