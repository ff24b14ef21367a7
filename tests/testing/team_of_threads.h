#pragma once

#include <functional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "services/common/mutex.h"
#include "worker/train/gradient_reducer.h"

namespace ropewalk {

// For tests: ranks as threads, which combine their contributions in memory.
class TeamOfThreads {
 public:
  explicit TeamOfThreads(int ranks) : ranks_(ranks), contributions_(ranks) {}

  // Runs `work(rank, reducer)` for every rank at the same time, each in a thread with one OpenMP
  // thread. Returns the first error.
  absl::Status Run(const std::function<absl::Status(int rank, GradientReducer* reducer)>& work);

 private:
  class Reducer;

  absl::Status Combine(int rank, const Contribution& contribution);

  const int ranks_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<const Contribution*> contributions_ ABSL_GUARDED_BY(mutex_);
  int arrived_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t round_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ropewalk
