#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace grpc {
class ServerBuilder;
}  // namespace grpc

namespace ropewalk {

class RingJoins;
class RingPoller;
class StateOffers;

// The RingService of a worker process: hands the stream of a ring's predecessor to the Ring of the
// same job and generation, streams offered states to members that lag, and answers those who
// measure the way here. Outlives the server that serves it. Thread-safe once it serves.
class RingEndpoint {
 public:
  // A predecessor that comes before its ring waits `join_timeout` for it; then it is sent away with
  // DEADLINE_EXCEEDED. `incarnation` is this process's, for those who measure the way here.
  explicit RingEndpoint(absl::Duration join_timeout = absl::Seconds(60),
                        std::string incarnation = "");
  ~RingEndpoint();

  // Makes RingService a part of the server that `builder` builds. REQUIRES: the first call.
  void Register(grpc::ServerBuilder* builder);

  // Begins to serve, with one thread. REQUIRES: the server has started.
  void Serve();

  // Ends the service. REQUIRES: the server has been shut down but is still there, and no Ring is
  // connected through this endpoint any more.
  void Stop();

  // Makes the state after `step` available to PullState. The last two offers are kept.
  void OfferState(const std::string& job, int64_t step, std::shared_ptr<const std::string> state);

  // Drops the offers. Transfers under way go on to their end.
  void WithdrawStates();

  // Where a Ring joins, and what drives it; for this folder. REQUIRES: Register was called.
  RingJoins& joins() { return *joins_; }
  RingPoller& poller() { return *poller_; }

 private:
  struct Service;

  const absl::Duration join_timeout_;
  const std::string incarnation_;
  const std::unique_ptr<StateOffers> offers_;
  const std::unique_ptr<RingJoins> joins_;
  const std::unique_ptr<Service> service_;
  std::unique_ptr<RingPoller> poller_;
};

}  // namespace ropewalk
