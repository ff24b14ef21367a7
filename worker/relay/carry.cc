#include "worker/relay/carry.h"

#include <pthread.h>

#include <string>
#include <thread>

#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::Status CallBroke() { return absl::UnavailableError("the call broke"); }

absl::Status CarryOut(TcpSocket* connection, const CarryStream& stream) {
  std::string buffer;
  v1::CarriedBytes message;
  do {
    ASSIGN_OR_RETURN(const absl::string_view bytes, connection->Read(&buffer));
    message.set_data(bytes.data(), bytes.size());
    if (!stream.writer->Write(message)) return CallBroke();
  } while (!message.data().empty());
  return absl::OkStatus();
}

absl::Status CarryIn(TcpSocket* connection, const CarryStream& stream) {
  v1::CarriedBytes message;
  while (stream.reader->Read(&message)) {
    if (message.data().empty()) {
      connection->EndWriting();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(connection->Write(message.data()));
  }
  return CallBroke();
}

}  // namespace

absl::Status Carry(TcpSocket* connection, const CarryStream& stream) {
  // What breaks in one direction ends the other, too.
  const auto carry = [&](auto direction) {
    absl::Status status = direction(connection, stream);
    if (!status.ok()) {
      connection->BreakOff();
      stream.cancel();
    }
    return status;
  };
  absl::Status out;
  std::thread reader([&] {
    pthread_setname_np(pthread_self(), "relay-carry");
    out = carry(CarryOut);
  });
  const absl::Status in = carry(CarryIn);
  reader.join();
  return in.ok() ? out : in;
}

}  // namespace ropewalk
