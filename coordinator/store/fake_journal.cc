#include "coordinator/store/fake_journal.h"

#include "absl/strings/str_cat.h"

namespace ropewalk {

absl::StatusOr<JournalContents> FakeJournal::Load() {
  JournalContents contents;
  for (const auto& [number, record] : jobs_) contents.jobs.push_back(record);
  for (const auto& [worker, incarnation] : drains_)
    contents.drains.push_back({worker, incarnation});
  return contents;
}

absl::Status FakeJournal::Commit(const Changes& changes) {
  auto jobs = jobs_;
  for (const JobChange& change : changes.jobs) {
    JobRecord& record = jobs[change.record.number];
    if (record.version + 1 != change.record.version) {
      return absl::AbortedError(absl::StrCat(change.record.job.name(), " was written by another"));
    }
    record = change.record;
  }
  jobs_ = std::move(jobs);
  for (const JobChange& change : changes.jobs) {
    std::vector<v1::JobEvent>& events = events_[change.record.job.name()];
    events.insert(events.end(), change.events.begin(), change.events.end());
  }
  for (const WorkerDrain& drain : changes.drains) drains_[drain.worker] = drain.incarnation;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::JobEvent>> FakeJournal::Events(const std::string& job,
                                                              int64_t after_sequence,
                                                              int64_t at_most) {
  std::vector<v1::JobEvent> events;
  for (const v1::JobEvent& event : events_[job]) {
    if (event.sequence() <= after_sequence) continue;
    if (static_cast<int64_t>(events.size()) == at_most) break;
    events.push_back(event);
  }
  return events;
}

}  // namespace ropewalk
