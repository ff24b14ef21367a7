#pragma once

#include <string>

struct grpc_socket_mutator;

namespace ropewalk {

// Whether "host:port" is an address of this host or of a private network (RFC 1918, RFC 4193).
bool IsNearby(const std::string& address);

// For ChannelArguments::SetSocketMutator, which owns it: makes a channel's sockets send by CUBIC,
// or else Reno, whatever the system's congestion control is. Where that is BBR, it paces what it
// sends with timers, which costs a fast link a fifth of its speed, and never takes more than 99 %
// of a slower one. Null if the interface of this gRPC is not known: nothing changes then.
grpc_socket_mutator* PlainCongestionControl();

}  // namespace ropewalk
