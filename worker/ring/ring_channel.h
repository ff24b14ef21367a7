#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

// A connection to the RingService at "host:port", shared with nobody. gRPC's retries are off,
// because they would hold on to what was sent; a peer that is not there yet is tried again at least
// twice a second, since members of a ring come up at different times.
std::shared_ptr<grpc::Channel> DialRingChannel(const std::string& address);

}  // namespace ropewalk
