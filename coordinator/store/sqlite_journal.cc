#include "coordinator/store/sqlite_journal.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kSchemaVersion = 1;

constexpr char kSchema[] = R"(
  BEGIN;
  CREATE TABLE jobs(
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,  -- for people; the proto has it too
    stop INTEGER NOT NULL,
    request_id TEXT UNIQUE,
    request_hash TEXT NOT NULL,
    last_event INTEGER NOT NULL,
    job BLOB NOT NULL,
    plan BLOB NOT NULL);
  CREATE TABLE events(
    job TEXT NOT NULL REFERENCES jobs(name),
    sequence INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY(job, sequence)) WITHOUT ROWID;
  CREATE TABLE drains(worker TEXT PRIMARY KEY, incarnation TEXT NOT NULL);
  PRAGMA user_version = 1;
  COMMIT;
)";

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat("the journal's record of ", what, " cannot be read"));
}

absl::StatusOr<JobRecord> RecordOf(const SqliteStatement& row) {
  JobRecord record;
  record.number = row.Int(0);
  record.version = row.Int(1);
  record.stop = static_cast<StopReason>(row.Int(2));
  record.request_id = row.Bytes(3);
  record.request_hash = row.Bytes(4);
  record.last_event = row.Int(5);
  if (!record.job.ParseFromString(row.Bytes(6)) || !record.plan.ParseFromString(row.Bytes(7))) {
    return Damaged(absl::StrCat("job number ", record.number));
  }
  return record;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteJournal>> SqliteJournal::Open(const std::string& path) {
  ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(path));
  auto journal = std::unique_ptr<SqliteJournal>(new SqliteJournal(std::move(database)));
  RETURN_IF_ERROR(journal->CreateTables());
  return journal;
}

absl::Status SqliteJournal::CreateTables() {
  SqliteStatement query = database_.Prepare("PRAGMA user_version");
  RETURN_IF_ERROR(query.Step().status());
  const int64_t version = query.Int(0);
  RETURN_IF_ERROR(query.Run());
  if (version == kSchemaVersion) return absl::OkStatus();
  if (version == 0) return database_.Execute(kSchema);
  return absl::FailedPreconditionError(absl::StrCat("the journal has schema version ", version,
                                                    ", this program knows ", kSchemaVersion,
                                                    "; use the newer program that wrote it"));
}

absl::StatusOr<JournalContents> SqliteJournal::Load() {
  JournalContents contents;
  SqliteStatement jobs = database_.Prepare(
      "SELECT number, version, stop, request_id, request_hash, last_event, job, plan FROM jobs "
      "ORDER BY number");
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, jobs.Step());
    if (!has_row) break;
    ASSIGN_OR_RETURN(JobRecord record, RecordOf(jobs));
    contents.jobs.push_back(std::move(record));
  }
  SqliteStatement drains = database_.Prepare("SELECT worker, incarnation FROM drains");
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, drains.Step());
    if (!has_row) return contents;
    contents.drains.push_back({drains.Bytes(0), drains.Bytes(1)});
  }
}

absl::Status SqliteJournal::Commit(const Changes& changes) {
  RETURN_IF_ERROR(database_.Execute("BEGIN IMMEDIATE"));
  absl::Status status = WriteAll(changes);
  if (status.ok()) status = database_.Execute("COMMIT");
  // After some errors SQLite has rolled back by itself and says so here; there is nothing more to
  // do about it.
  if (!status.ok()) (void)database_.Execute("ROLLBACK");
  return status;
}

absl::Status SqliteJournal::WriteAll(const Changes& changes) {
  for (const JobChange& change : changes.jobs) RETURN_IF_ERROR(Write(change));
  for (const WorkerDrain& drain : changes.drains) RETURN_IF_ERROR(WriteDrain(drain));
  return absl::OkStatus();
}

absl::Status SqliteJournal::Write(const JobChange& change) {
  const JobRecord& record = change.record;
  RETURN_IF_ERROR(record.version == 1 ? Insert(record) : Update(record));
  for (const v1::JobEvent& event : change.events) {
    RETURN_IF_ERROR(WriteEvent(record.job.name(), event));
  }
  return absl::OkStatus();
}

absl::Status SqliteJournal::Insert(const JobRecord& record) {
  SqliteStatement insert = database_.Prepare(
      "INSERT INTO jobs(number, name, version, state, stop, request_id, request_hash, last_event, "
      "job, plan) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(record.number)
      .Bind(record.job.name())
      .Bind(v1::JobState_Name(record.job.state()))
      .Bind(static_cast<int64_t>(record.stop));
  record.request_id.empty() ? insert.BindNull() : insert.Bind(record.request_id);
  return insert.Bind(record.request_hash)
      .Bind(record.last_event)
      .BindBlob(record.job.SerializeAsString())
      .BindBlob(record.plan.SerializeAsString())
      .Run();
}

absl::Status SqliteJournal::Update(const JobRecord& record) {
  RETURN_IF_ERROR(database_
                      .Prepare("UPDATE jobs SET version = ?, state = ?, stop = ?, last_event = ?, "
                               "job = ?, plan = ? WHERE number = ? AND version = ?")
                      .Bind(record.version)
                      .Bind(v1::JobState_Name(record.job.state()))
                      .Bind(static_cast<int64_t>(record.stop))
                      .Bind(record.last_event)
                      .BindBlob(record.job.SerializeAsString())
                      .BindBlob(record.plan.SerializeAsString())
                      .Bind(record.number)
                      .Bind(record.version - 1)
                      .Run());
  if (database_.changes() == 1) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(record.job.name(), " is not at version ",
                                         record.version - 1, ": another process has written it"));
}

absl::Status SqliteJournal::WriteEvent(const std::string& job, const v1::JobEvent& event) {
  return database_.Prepare("INSERT INTO events(job, sequence, event) VALUES (?, ?, ?)")
      .Bind(job)
      .Bind(event.sequence())
      .BindBlob(event.SerializeAsString())
      .Run();
}

absl::Status SqliteJournal::WriteDrain(const WorkerDrain& drain) {
  return database_.Prepare("INSERT OR REPLACE INTO drains(worker, incarnation) VALUES (?, ?)")
      .Bind(drain.worker)
      .Bind(drain.incarnation)
      .Run();
}

absl::StatusOr<std::vector<v1::JobEvent>> SqliteJournal::Events(const std::string& job,
                                                                int64_t after_sequence,
                                                                int64_t at_most) {
  SqliteStatement query = database_.Prepare(
      "SELECT event FROM events WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?");
  query.Bind(job).Bind(after_sequence).Bind(at_most);
  std::vector<v1::JobEvent> events;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, query.Step());
    if (!has_row) return events;
    if (!events.emplace_back().ParseFromString(query.Bytes(0))) {
      return Damaged(absl::StrCat("an event of ", job));
    }
  }
}

}  // namespace ropewalk
