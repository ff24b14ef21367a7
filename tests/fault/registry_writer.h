#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/common/mutex.h"
#include "tests/fault/crashing_registry.h"
#include "tests/fault/sync_log.h"

namespace ropewalk {

// What all writers share. Thread-safe.
class CrashSite {
 public:
  // `registry` outlives the site. `excused`: what a call may fail with beside what it may when a
  // process is killed.
  CrashSite(const CrashingRegistry* registry, std::set<absl::StatusCode> excused)
      : registry_(*registry), excused_(std::move(excused)), sync_log_(registry->sync_log()) {}

  const CrashingRegistry& registry() const { return registry_; }

  // Something was acknowledged that the blobs with these digests are part of: they must be safe.
  void Acknowledge(absl::string_view what, const std::vector<std::string>& digests);

  // The registry did something that no crash excuses.
  void AddProblem(std::string problem);

  // A call has failed, which is a problem unless it is excused.
  void TakeFailure(absl::string_view call, const absl::Status& status);

  // What was not as it should be since the last call, one a line; the first 20 different things.
  std::string TakeProblems();

  // How often each thing was acknowledged.
  std::map<std::string, int> acknowledged() const;

 private:
  bool IsExcused(const absl::Status& status) const;

  const CrashingRegistry& registry_;
  const std::set<absl::StatusCode> excused_;
  SyncLog sync_log_;
  mutable Mutex mutex_;
  std::set<std::string> problems_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> acknowledged_ ABSL_GUARDED_BY(mutex_);
};

// Changes a repository of its own all the time, and knows what must be in it. Not thread-safe.
class RegistryWriter {
 public:
  virtual ~RegistryWriter() = default;

  // One change, whether the registry is there or not.
  virtual void Step() = 0;

  // DATA_LOSS: what was acknowledged is not there. To be called while the registry is well.
  virtual absl::Status Check() = 0;
};

}  // namespace ropewalk
