#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "services/common/mutex.h"

namespace ropewalk {

// The states that this process has to give. Thread-safe.
class StateOffers {
 public:
  struct Offer {
    std::string job;
    int64_t step = 0;
    std::shared_ptr<const std::string> state;
    uint64_t digest = 0;  // xxHash64 of the state
  };

  // Replaces the older of two offers.
  void Add(const std::string& job, int64_t step, std::shared_ptr<const std::string> state);

  void Clear();

  // ABORTED: nothing of `job` is offered. NOT_FOUND: other steps of it are.
  absl::StatusOr<Offer> Find(const std::string& job, int64_t step) const;

 private:
  mutable Mutex mutex_;
  std::deque<Offer> offers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
