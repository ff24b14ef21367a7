#pragma once

#include <memory>
#include <string>

namespace grpc {
class Channel;
}  // namespace grpc

namespace ropewalk {

// A channel to "host:port", connected on first use, with a connection of its own: keepalive pings
// every 30 s (dead after 10 s without an answer), also while no call is open; messages of any size;
// reconnects after 0.1 to 5 s; no HTTP proxy. Every call on it needs a deadline or a watchdog.
std::shared_ptr<grpc::Channel> DialChannel(const std::string& address);

}  // namespace ropewalk
