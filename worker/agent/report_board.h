#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/common/mutex.h"

namespace ropewalk {

// What this worker has to tell the coordinator: written by the thread that works, read by the one
// that reports. Thread-safe.
class ReportBoard {
 public:
  // `on_change` is called after every change, from the thread that made it; it must not call back.
  explicit ReportBoard(std::function<void()> on_change) : on_change_(std::move(on_change)) {}

  // Lets `change` edit the report that will be sent next.
  void Update(absl::FunctionRef<void(v1::WorkerReport&)> change);

  // Adds to the next report what was measured, whatever this worker is about by then.
  void AddLink(const v1::Link& link);

  // At which this worker can be reached through another one, from now on.
  void SetRelayAddresses(std::vector<std::string> addresses);

  // The report as of now. Steps, evaluations and links are handed out once.
  v1::WorkerReport Take();

  // Takes back the steps, evaluations and links of a report that could not be sent.
  void PutBack(const v1::WorkerReport& unsent);

 private:
  const std::function<void()> on_change_;
  Mutex mutex_;
  v1::WorkerReport report_ ABSL_GUARDED_BY(mutex_);  // but what is below
  std::vector<v1::Link> links_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> relay_addresses_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
