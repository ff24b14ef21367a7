#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"

namespace grpc {
class Service;
}  // namespace grpc

namespace ropewalk {

class RingJoins;
class StateOffers;

// The RingService of a worker process: hands the stream of a ring's predecessor to the Ring of the
// same job and generation, and streams offered states to members that lag. Outlives every Ring that
// is connected through it, and the server that serves it. Thread-safe.
class RingEndpoint {
 public:
  // A predecessor that comes before its ring waits `join_timeout` for it; then it is sent away with
  // DEADLINE_EXCEEDED.
  explicit RingEndpoint(absl::Duration join_timeout = absl::Seconds(60));
  ~RingEndpoint();

  // To be served by the process's gRPC server. Its handlers hold no threads.
  grpc::Service* service();

  // Makes the state after `step` available to PullState. The last two offers are kept.
  void OfferState(const std::string& job, int64_t step, std::shared_ptr<const std::string> state);

  // Drops the offers. Transfers under way go on to their end.
  void WithdrawStates();

  // Where a Ring joins; for this folder.
  RingJoins& joins();

 private:
  class Service;

  const std::unique_ptr<StateOffers> offers_;
  const std::unique_ptr<RingJoins> joins_;
  const std::unique_ptr<Service> service_;
};

}  // namespace ropewalk
