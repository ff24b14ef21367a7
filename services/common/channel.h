#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

// A channel to "host:port", connected lazily: keepalive pings every 30 s, dead after 10 s without
// an answer, also while no call is open; messages of any size; reconnects within 0.1 to 5 s. Each
// call makes a connection of its own. Every call on it needs a deadline or a watchdog.
std::shared_ptr<grpc::Channel> DialChannel(const std::string& address);

}  // namespace ropewalk
