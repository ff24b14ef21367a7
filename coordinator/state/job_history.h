#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/state/job_record.h"

namespace ropewalk {

// A job's record, the events not yet in the journal, and whether the journal is behind. Not
// thread-safe.
class JobHistory {
 public:
  explicit JobHistory(JobRecord record) : record_(std::move(record)) {}

  const JobRecord& record() const { return record_; }
  const v1::Job& job() const { return record_.job; }

  // For changes that must reach the journal before anyone may act on them.
  JobRecord* Change() {
    changed_ = true;
    return &record_;
  }
  // For progress, which reaches the journal now and then.
  v1::JobProgress* ChangeProgress() {
    progressed_ = true;
    return record_.job.mutable_progress();
  }

  // The only way to another state. Writes the event, and the end time of a job that ends. REQUIRES:
  // MayFollow(state, to).
  void Transition(v1::JobState to, const std::string& message, absl::Time now);

  // Adds an event; its sequence, time, generation and step are filled in here.
  void Add(v1::JobEvent event, absl::Time now);
  void Add(v1::JobEvent::Kind kind, const std::string& message, absl::Time now,
           const std::string& worker = "");

  // What the journal is to be told now, if anything: changes at once, mere progress at most every
  // `progress_period`.
  std::optional<JobChange> TakeChange(absl::Duration progress_period, absl::Time now);

 private:
  JobRecord record_;
  std::vector<v1::JobEvent> events_;
  bool changed_ = false;
  bool progressed_ = false;
  absl::Time written_ = absl::InfinitePast();
};

}  // namespace ropewalk
