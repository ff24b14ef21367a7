#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ropewalk/v1/job_service.pb.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Why a job is being stopped, which decides what it becomes. The numbers are kept in the journal.
enum class StopReason {
  kNone = 0,
  kPause = 1,    // PAUSED
  kCancel = 2,   // CANCELLED
  kRequeue = 3,  // QUEUED: its last worker is drained, or it was resumed before it had stopped
};

// All of a job that outlives the coordinator's process.
struct JobRecord {
  v1::Job job;
  // What the members' assignments have in common; spec, inputs and rank are left out.
  v1::Assignment plan;
  StopReason stop = StopReason::kNone;
  int64_t number = 0;      // 1, 2, 3, ... in the order of submission
  int64_t version = 0;     // 1 when first written, then one more each time: fences a second writer
  int64_t last_event = 0;  // sequence number of the newest event
  std::string request_id;  // empty: none was given
  std::string request_hash;  // of spec and inputs as asked for
};

// A new version of a record with what happened on the way to it.
struct JobChange {
  JobRecord record;
  std::vector<v1::JobEvent> events;
};

// A process that is to get no more work. Another process under the same name may.
struct WorkerDrain {
  std::string worker;
  std::string incarnation;
};

}  // namespace ropewalk
