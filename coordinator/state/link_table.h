#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "coordinator/state/ring_order.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// What the ways between workers are worth, as they have measured them, and who is to measure which
// way next: each worker that is there the ways to all others, once, but one at a time, and nobody
// who is at either end of another measurement. A way that could not be measured is tried again
// later, or when there is another address to try; one whose address is given up is measured anew.
// Not thread-safe.
class LinkTable {
 public:
  // These workers are there, and no others; begins what can be measured now.
  void Plan(absl::Span<const v1::Member> present, absl::Time now);

  // What the worker is to measure now.
  std::optional<v1::LinkToMeasure> ToMeasure(const std::string& worker) const;

  // What the worker has measured.
  void Take(const v1::Member& worker, const v1::Link& link, absl::Time now);

  // The way is no longer what was measured: it is to be measured anew.
  void Forget(const v1::Member& from, const v1::Member& to);

  // Null: not measured between these processes.
  const v1::Link* Find(const v1::Member& from, const v1::Member& to) const;

  // Whether `from` could not dial `to`, twice in a row: once may have been chance.
  bool CannotReach(const v1::Member& from, const v1::Member& to) const;

  // The time in which a mebibyte gets from each to each. What has not been measured counts as the
  // median of what has; ways so fast that a step would not notice are all the same; a worker that
  // cannot be reached is to be avoided at any price.
  HopCosts CostsAmong(absl::Span<const v1::Member> members) const;

 private:
  using Way = std::pair<std::string, std::string>;  // names: from, to
  struct Measured {
    std::string from_incarnation;
    v1::Link link;
    std::vector<std::string> addresses;  // of the other end, at that time
    int failures = 0;                    // in a row
    absl::Time time;
  };
  struct Measurement {
    v1::Member from;
    v1::LinkToMeasure link;
    absl::Time start;
  };

  void EndOverdue(absl::Span<const v1::Member> present, absl::Time now);
  bool IsEngaged(const std::string& worker) const;
  bool IsDue(const v1::Member& from, const v1::Member& to, absl::Time now) const;
  void Begin(const v1::Member& from, const v1::Member& to, absl::Time now);
  const Measured* Look(const v1::Member& from, const std::string& to,
                       const std::string& to_incarnation) const;

  std::map<Way, Measured> measured_;
  std::map<std::string, Measurement> under_way_;  // by who measures
  int64_t last_id_ = 0;
};

}  // namespace ropewalk
