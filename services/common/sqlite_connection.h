#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ropewalk {

// What SqliteDatabase and its statements share: the connection, the compiled statements that nobody
// uses now (compiling takes longer than most statements run), and whether the last change is in
// doubt. Not thread-safe.
//
// A transaction whose sync failed is undone for this connection, but its records are in the log,
// where whoever opens the database after a crash would find them. So nothing is read or changed
// before another transaction has taken the place of those records and is on the disk.
class SqliteConnection {
 public:
  // Takes it over.
  explicit SqliteConnection(sqlite3* connection) : connection_(connection) {}
  ~SqliteConnection();

  // Null if it cannot be compiled.
  sqlite3_stmt* Take(absl::string_view sql);
  void Return(sqlite3_stmt* statement);

  // True: there is a row. A null statement gives the error of its compilation.
  // UNAVAILABLE: the disk failed; for what changes something, nothing is changed.
  absl::StatusOr<bool> Step(sqlite3_stmt* statement);
  absl::Status Execute(const std::string& sql);
  // Of the last call.
  absl::Status Error();

  sqlite3* get() const { return connection_.get(); }

 private:
  struct Closer {
    void operator()(sqlite3* connection) const;
  };
  static constexpr size_t kMostIdle = 200;

  absl::Status Settle();

  std::unique_ptr<sqlite3, Closer> connection_;
  std::multimap<std::string, sqlite3_stmt*, std::less<>> idle_;
  bool in_doubt_ = false;
};

}  // namespace ropewalk
