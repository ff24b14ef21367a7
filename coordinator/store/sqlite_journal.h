#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/store/journal.h"
#include "services/common/sqlite_database.h"

namespace ropewalk {

// The journal as an SQLite file, schema version 1:
//
//   jobs(number, name, version, state, stop, request_id, request_hash, last_event, job, plan)
//   events(job, sequence, event)
//   drains(worker, incarnation)
//
// with job, plan and event as serialised protos.
//
// A Commit() is one transaction. Nobody else can open the file meanwhile. Not thread-safe.
class SqliteJournal final : public Journal {
 public:
  // Creates the file, with its tables, if absent.
  // FAILED_PRECONDITION: another process has it open, or a newer program has written it.
  static absl::StatusOr<std::unique_ptr<SqliteJournal>> Open(const std::string& path);

  absl::StatusOr<JournalContents> Load() override;
  absl::Status Commit(const Changes& changes) override;
  absl::StatusOr<std::vector<v1::JobEvent>> Events(const std::string& job, int64_t after_sequence,
                                                   int64_t at_most) override;

 private:
  explicit SqliteJournal(SqliteDatabase database) : database_(std::move(database)) {}

  absl::Status CreateTables();
  absl::Status WriteAll(const Changes& changes);
  absl::Status Write(const JobChange& change);
  absl::Status Insert(const JobRecord& record);
  absl::Status Update(const JobRecord& record);
  absl::Status WriteEvent(const std::string& job, const v1::JobEvent& event);
  absl::Status WriteDrain(const WorkerDrain& drain);

  SqliteDatabase database_;
};

}  // namespace ropewalk
