#pragma once

#include <grpcpp/support/sync_stream.h>

#include <functional>

#include "absl/status/status.h"
#include "ropewalk/v1/relay_service.pb.h"
#include "worker/relay/tcp_socket.h"

namespace ropewalk {

// One side of a Carry call.
struct CarryStream {
  grpc::internal::ReaderInterface<v1::CarriedBytes>* reader;
  grpc::internal::WriterInterface<v1::CarriedBytes>* writer;
  std::function<void()> cancel;  // makes its reads and writes fail
};

// Carries bytes between a connection and a Carry call, both ways, until both directions have ended
// or either breaks; then both are broken off. Blocks; one more thread reads the connection.
// UNAVAILABLE: the connection or the call broke.
absl::Status Carry(TcpSocket* connection, const CarryStream& stream);

}  // namespace ropewalk
