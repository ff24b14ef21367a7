#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/state/cluster.h"
#include "coordinator/state/job_record.h"

namespace ropewalk {

// Everything a journal holds but the events.
struct JournalContents {
  std::vector<JobRecord> jobs;  // oldest first
  std::vector<WorkerDrain> drains;
};

// What the coordinator must not forget. A change is durable once Commit() has returned OK.
// Implementations: SqliteJournal, FakeJournal. Not thread-safe.
class Journal {
 public:
  virtual ~Journal() = default;

  virtual absl::StatusOr<JournalContents> Load() = 0;

  // Writes all changes or none. A record's version must be one more than the version in the
  // journal, or 1 for a new job. ABORTED: another process has written in between; this one must
  // stop. Other errors: nothing is written, the same call may be repeated.
  virtual absl::Status Commit(const Changes& changes) = 0;

  // The job's events after that sequence number, in order, at most so many.
  virtual absl::StatusOr<std::vector<v1::JobEvent>> Events(const std::string& job,
                                                           int64_t after_sequence,
                                                           int64_t at_most) = 0;
};

}  // namespace ropewalk
