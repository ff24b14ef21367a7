#pragma once

#include "absl/status/status.h"
#include "ropewalk/v1/job_service.pb.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// The coordinator's ends of its long-lived calls, as it sees them. Thread-safe; none of the calls
// blocks.

// To an attached worker.
class WorkerStream {
 public:
  virtual ~WorkerStream() = default;
  // What was not sent yet is replaced: an answer is whole, so only the newest counts.
  virtual void Send(const v1::AttachResponse& response) = 0;
  // Ends the call, after what is being sent.
  virtual void Close(const absl::Status& status) = 0;
};

// To somebody who watches a job.
class WatchStream {
 public:
  enum class State {
    kReady,
    kBusy,  // what was sent last is still on its way
    kGone,  // nobody listens any more
  };
  virtual ~WatchStream() = default;
  virtual State state() = 0;
  // REQUIRES: kReady. Does nothing if it is kGone by now.
  virtual void Send(v1::WatchJobResponse response) = 0;
  // Ends the call, after what is being sent.
  virtual void Close(const absl::Status& status) = 0;
};

}  // namespace ropewalk
