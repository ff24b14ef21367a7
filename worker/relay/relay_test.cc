#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/until.h"
#include "worker/relay/relay_client.h"
#include "worker/relay/relay_service_impl.h"

namespace ropewalk {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLoopback[] = "127.0.0.1";
constexpr absl::Duration kPatience = absl::Seconds(20);

// Reads to the end.
std::string ReadAll(TcpSocket& socket) {
  std::string all, buffer;
  while (true) {
    const auto bytes = socket.Read(&buffer);
    if (!bytes.ok() || bytes->empty()) return all;
    all.append(bytes->data(), bytes->size());
  }
}

// Takes one connection after another: reads it to the end, and sends all of it back.
class EchoServer {
 public:
  EchoServer() : listener_(*TcpSocket::Listen(kLoopback)) {
    thread_ = std::thread([this] { Run(); });
  }
  ~EchoServer() {
    stop_ = true;
    thread_.join();
  }
  std::string address() const { return absl::StrCat(kLoopback, ":", listener_.port()); }

 private:
  void Run() {
    while (!stop_) {
      std::optional<TcpSocket> connection = listener_.Accept(absl::Milliseconds(20));
      if (!connection.has_value()) continue;
      connection->Write(ReadAll(*connection)).IgnoreError();
    }
  }

  TcpSocket listener_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() { StartRelay(); }
  ~RelayTest() override {
    client_.Want(std::nullopt);
    StopRelay();
  }

  void StartRelay() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(absl::StrCat(kLoopback, ":", relay_port_),
                             grpc::InsecureServerCredentials(), &relay_port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  void StopRelay() { server_->Shutdown(std::chrono::system_clock::now()); }

  RelayPeer Peer() const {
    return {"workers/relay", absl::StrCat(kLoopback, ":", relay_port_), {kLoopback}};
  }
  std::vector<std::string> Addresses() {
    MutexLock lock(&mutex_);
    return addresses_;
  }
  // Waits until the hidden server can be reached, and dials it.
  absl::StatusOr<TcpSocket> Dial() {
    EXPECT_TRUE(Until(kPatience, [&] { return !Addresses().empty(); }).ok());
    return TcpSocket::Dial(Addresses().front(), kPatience);
  }

  EchoServer hidden_;
  RelayServiceImpl service_{kLoopback};
  int relay_port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  std::vector<std::string> addresses_ ABSL_GUARDED_BY(mutex_);
  RelayClient client_{{"workers/hidden", hidden_.address(), [this](const auto& addresses) {
                         MutexLock lock(&mutex_);
                         addresses_ = addresses;
                       }}};
};

TEST_F(RelayTest, CarriesConnectionsBothWays) {
  client_.Want(Peer());
  for (const size_t bytes : {0, 1, 3'000'000}) {
    absl::StatusOr<TcpSocket> connection = Dial();
    ASSERT_TRUE(connection.ok()) << connection.status();
    const std::string sent(bytes, 'x');
    ASSERT_TRUE(connection->Write(sent).ok());
    connection->EndWriting();
    EXPECT_EQ(ReadAll(*connection), sent);
  }
}

TEST_F(RelayTest, IsReachableAtEveryHostOfTheOther) {
  RelayPeer peer = Peer();
  peer.hosts = {kLoopback, "localhost"};
  client_.Want(peer);
  ASSERT_TRUE(Until(kPatience, [&] { return !Addresses().empty(); }).ok());
  EXPECT_THAT(Addresses(), SizeIs(2));
}

TEST_F(RelayTest, IsNotReachableOnceItIsNotWanted) {
  client_.Want(Peer());
  ASSERT_TRUE(Until(kPatience, [&] { return !Addresses().empty(); }).ok());
  const std::string address = Addresses().front();
  client_.Want(std::nullopt);
  ASSERT_TRUE(Until(kPatience, [&] { return Addresses().empty(); }).ok());
  ASSERT_TRUE(Until(kPatience, [&] { return !TcpSocket::Dial(address, kPatience).ok(); }).ok());
}

TEST_F(RelayTest, IsReachableAgainWhenTheOtherComesBack) {
  client_.Want(Peer());
  ASSERT_TRUE(Until(kPatience, [&] { return !Addresses().empty(); }).ok());
  StopRelay();
  ASSERT_TRUE(Until(kPatience, [&] { return Addresses().empty(); }).ok());
  StartRelay();
  absl::StatusOr<TcpSocket> connection = Dial();
  ASSERT_TRUE(connection.ok()) << connection.status();
  ASSERT_TRUE(connection->Write("again").ok());
  connection->EndWriting();
  EXPECT_EQ(ReadAll(*connection), "again");
}

TEST_F(RelayTest, BreaksAConnectionWhoseHiddenEndIsGone) {
  client_.Want(Peer());
  absl::StatusOr<TcpSocket> connection = Dial();
  ASSERT_TRUE(connection.ok()) << connection.status();
  client_.Want(std::nullopt);
  EXPECT_THAT(ReadAll(*connection), IsEmpty());  // it does not wait for ever
}

TEST(RelayServiceTest, KnowsNoConnectionThatDidNotCome) {
  RelayServiceImpl service(kLoopback);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::RelayService::NewStub(
      grpc::CreateChannel(absl::StrCat(kLoopback, ":", port), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const auto stream = stub->Carry(&context);
  v1::CarriedBytes first;
  first.set_connection("made up");
  stream->Write(first);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace ropewalk
