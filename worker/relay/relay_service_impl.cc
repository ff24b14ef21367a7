#include "worker/relay/relay_service_impl.h"

#include <random>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/grpc_status.h"
#include "services/common/logging.h"
#include "worker/relay/carry.h"

namespace ropewalk {
namespace {

constexpr size_t kMostListeners = 32;
constexpr size_t kMostWaiting = 256;
constexpr absl::Duration kFetchedWithin = absl::Seconds(10);
// How often someone who waits for a connection looks whether the caller has gone.
constexpr absl::Duration kLookAround = absl::Milliseconds(100);

// Not to be guessed by others who reach this worker.
std::string RandomName() {
  std::random_device random;
  std::string name;
  for (int i = 0; i < 4; ++i) absl::StrAppend(&name, absl::Hex(random(), absl::kZeroPad8));
  return name;
}

grpc::Status TooMany() {
  return {grpc::StatusCode::RESOURCE_EXHAUSTED,
          absl::StrCat("this worker relays for ", kMostListeners, " others already")};
}

}  // namespace

std::optional<int64_t> RelayServiceImpl::BeginListening() {
  MutexLock lock(&mutex_);
  if (listeners_.size() == kMostListeners) return std::nullopt;
  return *listeners_.insert(++last_listener_).first;
}

// Nobody will fetch what waits for it.
void RelayServiceImpl::EndListening(int64_t listener) {
  MutexLock lock(&mutex_);
  listeners_.erase(listener);
  std::erase_if(waiting_, [&](const auto& entry) { return entry.second.listener == listener; });
}

grpc::Status RelayServiceImpl::Listen(grpc::ServerContext* context,
                                      const v1::ListenRequest* request,
                                      grpc::ServerWriter<v1::ListenResponse>* writer) {
  const std::optional<int64_t> listener = BeginListening();
  if (!listener.has_value()) return TooMany();
  const absl::Cleanup end = [&] { EndListening(*listener); };
  absl::StatusOr<TcpSocket> socket = TcpSocket::Listen(host_);
  if (!socket.ok()) return ToGrpcStatus(socket.status());
  LogInfo("takes connections for another worker",
          {{"worker", request->worker()}, {"port", socket->port()}});
  v1::ListenResponse news;
  news.set_port(socket->port());
  bool told = writer->Write(news);
  while (told && !context->IsCancelled()) {
    DropOverdue();
    std::optional<TcpSocket> connection = socket->Accept(kLookAround);
    if (!connection.has_value()) continue;
    news.set_connection(Keep(*std::move(connection), *listener));
    told = writer->Write(news);
  }
  return grpc::Status::CANCELLED;
}

// Beyond kMostWaiting the connection is closed at once, and its name is nobody's.
std::string RelayServiceImpl::Keep(TcpSocket connection, int64_t listener) {
  std::string name = RandomName();
  MutexLock lock(&mutex_);
  if (waiting_.size() < kMostWaiting) {
    waiting_.emplace(name, Waiting{std::move(connection), listener, absl::Now()});
  }
  return name;
}

std::optional<TcpSocket> RelayServiceImpl::Fetch(const std::string& name) {
  MutexLock lock(&mutex_);
  const auto it = waiting_.find(name);
  if (it == waiting_.end()) return std::nullopt;
  TcpSocket connection = std::move(it->second.connection);
  waiting_.erase(it);
  return connection;
}

void RelayServiceImpl::DropOverdue() {
  const absl::Time since = absl::Now() - kFetchedWithin;
  MutexLock lock(&mutex_);
  std::erase_if(waiting_, [&](const auto& entry) { return entry.second.since < since; });
}

grpc::Status RelayServiceImpl::Carry(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::CarriedBytes, v1::CarriedBytes>* stream) {
  v1::CarriedBytes first;
  if (!stream->Read(&first)) return grpc::Status::CANCELLED;
  std::optional<TcpSocket> connection = Fetch(first.connection());
  if (!connection.has_value()) {
    return {grpc::StatusCode::NOT_FOUND, "there is no such connection, or not any more"};
  }
  const absl::Status status =
      ropewalk::Carry(&*connection, {stream, stream, [context] { context->TryCancel(); }});
  return status.ok() ? grpc::Status::OK
                     : grpc::Status(grpc::StatusCode::CANCELLED, std::string(status.message()));
}

}  // namespace ropewalk
