#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "worker/ring/transport.h"

namespace ropewalk {

// Several transports between the same two ranks as one, for ways on which one connection gets less
// than the way carries. Chunks take them in turn, on both sides, so they come in the order in which
// they were sent.
class StripedTransport final : public Transport {
 public:
  // REQUIRES: there is at least one, and they stand in the same order on the other side.
  explicit StripedTransport(std::vector<std::unique_ptr<Transport>> stripes);

  void Send(Chunk chunk) override;
  absl::StatusOr<Chunk> Receive(absl::Duration timeout) override;
  bool WaitUntilReleased(absl::FunctionRef<bool()> released, absl::Duration timeout) override;
  void BreakOff(const absl::Status& why) override;

 private:
  const std::vector<std::unique_ptr<Transport>> stripes_;
  size_t next_out_ = 0;
  size_t next_in_ = 0;
};

}  // namespace ropewalk
