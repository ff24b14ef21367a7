#pragma once

#include <map>
#include <string>
#include <vector>

#include "coordinator/store/journal.h"

namespace ropewalk {

// A journal in memory, for tests. Not thread-safe.
class FakeJournal final : public Journal {
 public:
  absl::StatusOr<JournalContents> Load() override;
  absl::Status Commit(const Changes& changes) override;
  absl::StatusOr<std::vector<v1::JobEvent>> Events(const std::string& job, int64_t after_sequence,
                                                   int64_t at_most) override;

 private:
  std::map<int64_t, JobRecord> jobs_;  // by number
  std::map<std::string, std::vector<v1::JobEvent>> events_;
  std::map<std::string, std::string> drains_;
};

}  // namespace ropewalk
