#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/common/mutex.h"
#include "worker/agent/report_board.h"
#include "worker/ring/cancellation.h"
#include "worker/ring/link_measurement.h"

namespace ropewalk {

// All addresses at which a member may be reached, best first as it says itself.
std::vector<std::string> AddressesOf(const v1::Member& member);

// Measures the ways to other workers, as the coordinator asks, in a thread of its own, and knows by
// which address each of them is reached best. Thread-safe.
class LinkProber {
 public:
  // What is found is put on `board`, which must outlive the prober.
  explicit LinkProber(ReportBoard* board);

  // Breaks off what is being measured.
  ~LinkProber();

  // What to measure next, if it is not what was measured last. Does not block.
  void Want(const v1::LinkToMeasure& link);

  // The address at which to reach `member`: by which it was reached fastest, or, if it has several
  // and has not been measured, the first at which it answers now, for which this waits some
  // seconds.
  std::string AddressOf(const v1::Member& member);

 private:
  void Run();
  std::optional<v1::Member> Next();
  v1::Link Measure(const v1::Member& peer);
  absl::StatusOr<LinkSpeed> Reach(const v1::Member& peer, const LinkMeasurementOptions& options);

  ReportBoard* const board_;
  RingCancellation cancellation_;
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;  // of the newest that was wanted
  std::optional<v1::Member> next_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> best_ ABSL_GUARDED_BY(mutex_);  // address by incarnation
  std::thread thread_;
};

}  // namespace ropewalk
