#include "worker/relay/relay_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <pthread.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/relay_service.grpc.pb.h"
#include "services/common/channel.h"
#include "services/common/grpc_status.h"
#include "services/common/logging.h"
#include "worker/relay/carry.h"

namespace ropewalk {
namespace {

// Between one call and the next.
constexpr absl::Duration kPause = absl::Seconds(1);
constexpr absl::Duration kDialTimeout = absl::Seconds(5);

std::vector<std::string> WithPort(const std::vector<std::string>& hosts, int port) {
  std::vector<std::string> addresses;
  for (const std::string& host : hosts) addresses.push_back(absl::StrCat(host, ":", port));
  return addresses;
}

}  // namespace

// One connection that is carried, in a thread of its own.
class RelayClient::Connection {
 public:
  Connection(const std::shared_ptr<grpc::Channel>& channel, std::string name,
             std::string local_address)
      : stub_(v1::RelayService::NewStub(channel)),
        name_(std::move(name)),
        local_address_(std::move(local_address)) {
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "relay-carry");
      Run();
      ended_ = true;
    });
  }

  ~Connection() {
    context_.TryCancel();
    thread_.join();
  }

  bool ended() const { return ended_; }

 private:
  void Run() {
    const auto stream = stub_->Carry(&context_);
    v1::CarriedBytes first;
    first.set_connection(name_);
    absl::StatusOr<TcpSocket> local = TcpSocket::Dial(local_address_, kDialTimeout);
    if (local.ok() && stream->Write(first)) {
      Carry(&*local, {stream.get(), stream.get(), [this] { context_.TryCancel(); }}).IgnoreError();
    } else {
      context_.TryCancel();
    }
    stream->WritesDone();
    stream->Finish();
  }

  const std::unique_ptr<v1::RelayService::Stub> stub_;
  const std::string name_;
  const std::string local_address_;
  grpc::ClientContext context_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

RelayClient::RelayClient(Options options) : options_(std::move(options)) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "relay");
    Run();
  });
}

RelayClient::~RelayClient() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    if (call_ != nullptr) call_->TryCancel();
    changed_.SignalAll();
  }
  thread_.join();
}

void RelayClient::Want(const std::optional<RelayPeer>& peer) {
  MutexLock lock(&mutex_);
  if (peer == peer_) return;
  peer_ = peer;
  if (call_ != nullptr) call_->TryCancel();
  changed_.SignalAll();
}

void RelayClient::Run() {
  RelayPeer peer;
  while (const std::unique_ptr<grpc::ClientContext> context = AwaitPeer(&peer)) {
    ListenThrough(peer, context.get());
    {
      MutexLock lock(&mutex_);
      call_ = nullptr;
    }
    connections_.clear();
    options_.on_change({});
    Pause();
  }
}

std::unique_ptr<grpc::ClientContext> RelayClient::AwaitPeer(RelayPeer* peer) {
  MutexLock lock(&mutex_);
  while (!stopping_ && !peer_.has_value()) changed_.WaitFor(&mutex_, absl::Hours(1));
  if (stopping_) return nullptr;
  *peer = *peer_;
  auto context = std::make_unique<grpc::ClientContext>();
  call_ = context.get();
  return context;
}

void RelayClient::ListenThrough(const RelayPeer& peer, grpc::ClientContext* context) {
  const std::shared_ptr<grpc::Channel> channel = DialChannel(peer.address);
  const auto stub = v1::RelayService::NewStub(channel);
  v1::ListenRequest request;
  request.set_worker(options_.worker);
  const auto stream = stub->Listen(context, request);
  v1::ListenResponse news;
  while (stream->Read(&news)) {
    DropEnded();
    if (news.has_port()) {
      const std::vector<std::string> addresses = WithPort(peer.hosts, news.port());
      LogInfo("can be reached through another worker", {{"worker", peer.name}});
      options_.on_change(addresses);
    } else {
      connections_.push_back(
          std::make_unique<Connection>(channel, news.connection(), options_.local_address));
    }
  }
  const absl::Status status = FromGrpcStatus(stream->Finish());
  LogWarning("can no longer be reached through another worker",
             {{"worker", peer.name}, {"reason", std::string(status.message())}});
}

void RelayClient::DropEnded() {
  connections_.remove_if([](const auto& connection) { return connection->ended(); });
}

void RelayClient::Pause() {
  MutexLock lock(&mutex_);
  if (!stopping_) changed_.WaitFor(&mutex_, kPause);
}

}  // namespace ropewalk
