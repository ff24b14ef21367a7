#pragma once

#include "absl/time/time.h"

namespace ropewalk {

// Every period by which the coordinator judges its workers. Tests shorten them by injecting
// another.
struct Timing {
  // A member whose stream broke may attach again within this time and lose nothing. When the
  // streams of all members of a job broke, it is rather the coordinator that was cut off, and they
  // have `dead_after`.
  absl::Duration reattach_grace = absl::Seconds(1);
  // The same after the coordinator itself was away: how long it waits for the members its journal
  // names.
  absl::Duration restart_grace = absl::Seconds(10);
  // Without a report for this long a worker gets no new work, and is lost once its ring breaks.
  absl::Duration suspect_after = absl::Seconds(5);
  // Without a report for this long a worker is lost.
  absl::Duration dead_after = absl::Seconds(10);
  // When nobody has looked at the time for this long, the coordinator itself was stopped: leases
  // stood still meanwhile.
  absl::Duration stall = absl::Seconds(2);
  // A job that is to stop is forced to after this long, with the checkpoint it has.
  absl::Duration stop_deadline = absl::Seconds(60);

  // A ring that broke while nobody is lost is formed again after this delay, which also leaves a
  // moment for the news of a broken stream; from the `patient_reforms`-th time in a row without a
  // finished step on, the delay doubles each time.
  absl::Duration reform_delay = absl::Milliseconds(200);
  absl::Duration max_reform_delay = absl::Seconds(10);
  int patient_reforms = 5;
  // So many in a row without a finished step fail the job.
  int max_reforms = 20;

  // Steps and losses alone reach the journal at most this often; everything else at once.
  absl::Duration progress_journal_period = absl::Seconds(5);
};

}  // namespace ropewalk
