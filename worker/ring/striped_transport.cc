#include "worker/ring/striped_transport.h"

#include <utility>

namespace ropewalk {

StripedTransport::StripedTransport(std::vector<std::unique_ptr<Transport>> stripes)
    : stripes_(std::move(stripes)) {}

void StripedTransport::Send(Chunk chunk) {
  stripes_[next_out_]->Send(std::move(chunk));
  next_out_ = (next_out_ + 1) % stripes_.size();
}

absl::StatusOr<Chunk> StripedTransport::Receive(absl::Duration timeout) {
  absl::StatusOr<Chunk> chunk = stripes_[next_in_]->Receive(timeout);
  if (chunk.ok()) next_in_ = (next_in_ + 1) % stripes_.size();
  return chunk;
}

// Whichever it waits by, it looks at what all of them have sent.
bool StripedTransport::WaitUntilReleased(absl::FunctionRef<bool()> released,
                                         absl::Duration timeout) {
  return stripes_.front()->WaitUntilReleased(released, timeout);
}

void StripedTransport::BreakOff(const absl::Status& why) {
  for (const std::unique_ptr<Transport>& stripe : stripes_) stripe->BreakOff(why);
}

}  // namespace ropewalk
