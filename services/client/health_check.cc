#include "services/client/health_check.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <chrono>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/channel.h"

namespace ropewalk {
namespace {

// The two messages are written out, because Debian ships no generated code for the service. A
// request for the whole server is empty; an answer SERVING is field 1 with the value 1.
constexpr char kMethod[] = "/grpc.health.v1.Health/Check";
constexpr char kServing[] = "\x08\x01";

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(slice.begin(), slice.end());
  return bytes;
}

}  // namespace

absl::Status CheckServing(const std::string& address, absl::Duration timeout) {
  grpc::GenericStub stub(DialChannel(address));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
  grpc::CompletionQueue queue;
  const grpc::Slice empty;
  const auto call = stub.PrepareUnaryCall(&context, kMethod, grpc::ByteBuffer(&empty, 1), &queue);
  grpc::ByteBuffer response;
  grpc::Status status;
  void* tag;
  bool ok;
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  queue.Next(&tag, &ok);
  if (status.ok() && Bytes(response) == kServing) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      address,
      status.ok() ? " is not serving yet" : " cannot be reached: ", status.error_message()));
}

}  // namespace ropewalk
