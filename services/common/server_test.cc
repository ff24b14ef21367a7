#include "services/common/server.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "ropewalk/v1/diagnostics_service.grpc.pb.h"
#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/common/call_monitor.h"
#include "services/common/channel.h"
#include "services/common/files.h"
#include "services/common/mutex.h"
#include "tests/testing/self_signed.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Server> StartServer(const std::string& http_address = "") {
  ServerOptions options;
  options.http_address = http_address;
  auto server = Server::Start(options, {});
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

std::string AddressOf(const Server& server) { return absl::StrCat("127.0.0.1:", server.port()); }

// What grpc.health.v1.Health/Check answers: the byte of HealthCheckResponse.status.
int HealthOf(const Server& server) {
  const auto channel = DialChannel(AddressOf(server));
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  grpc::CompletionQueue queue;
  const grpc::Slice empty_message("");
  const grpc::ByteBuffer request(&empty_message, 1);
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check", request, &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag;
  bool ok;
  queue.Next(&tag, &ok);
  std::vector<grpc::Slice> slices;
  if (!status.ok() || !response.Dump(&slices).ok() || slices.empty()) return -1;
  return slices[0].size() == 2 ? slices[0].begin()[1] : -1;
}

TEST(Server, ReportsItsHealth) {
  constexpr int kServing = 1;
  constexpr int kNotServing = 2;
  const auto server = StartServer();
  EXPECT_EQ(HealthOf(*server), kNotServing);
  server->SetReady(true);
  EXPECT_EQ(HealthOf(*server), kServing);
}

TEST(Server, ListsItsThreads) {
  const auto server = StartServer();
  const auto stub = v1::DiagnosticsService::NewStub(DialChannel(AddressOf(*server)));
  CallMonitor monitor(absl::Seconds(30));
  CallMonitor::Call call(&monitor);
  v1::ListThreadsResponse response;
  const absl::Status status =
      call.Finish(stub->ListThreads(call.context(), v1::ListThreadsRequest(), &response));
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_GT(response.threads_size(), 1);
}

TEST(Server, HasPortsOfItsOwn) {
  const auto server = StartServer("127.0.0.1:0");
  EXPECT_GT(server->port(), 0);
  EXPECT_GT(server->http_port(), 0);
  EXPECT_EQ(StartServer()->http_port(), 0);
}

TEST(Server, RefusesToShareAPort) {
  const auto server = StartServer();
  ServerOptions options;
  options.listen_address = AddressOf(*server);
  EXPECT_TRUE(absl::IsUnavailable(Server::Start(options, {}).status()));
}

TEST(Server, RefusesTheNetworkUnlessInsecure) {
  ServerOptions options;
  options.listen_address = "0.0.0.0:0";
  const auto refused = Server::Start(options, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status()));
  options.insecure = true;
  EXPECT_TRUE(Server::Start(options, {}).ok());
  options = ServerOptions();
  options.http_address = "0.0.0.0:0";
  EXPECT_TRUE(absl::IsFailedPrecondition(Server::Start(options, {}).status()));
}

TEST(Server, RefusesCallsAfterShutdown) {
  const auto server = StartServer();
  const auto stub = v1::DiagnosticsService::NewStub(DialChannel(AddressOf(*server)));
  server->Shutdown(absl::Seconds(1));
  CallMonitor monitor(absl::Seconds(30));
  CallMonitor::Call call(&monitor);
  v1::ListThreadsResponse response;
  EXPECT_TRUE(absl::IsUnavailable(
      call.Finish(stub->ListThreads(call.context(), v1::ListThreadsRequest(), &response))));
}

TEST(Server, OffersTheNetworkHttpByTls) {
  const TemporaryFolder folder;
  const SelfSigned identity;
  ServerOptions options;
  options.http_address = "0.0.0.0:0";
  options.http_certificate = folder.path("certificate.pem");
  options.http_key = folder.path("key.pem");
  ASSERT_TRUE(WriteFileAtomically(options.http_certificate, identity.Certificate()).ok());
  ASSERT_TRUE(WriteFileAtomically(options.http_key, identity.Key()).ok());
  const auto server = Server::Start(options, {});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_GT((*server)->http_port(), 0);
  // That is not said of gRPC.
  options.listen_address = "0.0.0.0:0";
  EXPECT_TRUE(absl::IsFailedPrecondition(Server::Start(options, {}).status()));
}

TEST(Server, WantsWholeTlsOrNone) {
  ServerOptions options;
  options.http_certificate = "certificate.pem";
  const absl::Status no_side = Server::Start(options, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(no_side)) << no_side;
  EXPECT_THAT(std::string(no_side.message()), HasSubstr("--http-listen"));
  options.http_address = "127.0.0.1:0";
  options.http_certificate = "";
  options.http_key = "key.pem";
  const absl::Status no_certificate = Server::Start(options, {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(no_certificate)) << no_certificate;
  EXPECT_THAT(std::string(no_certificate.message()), HasSubstr("--http-certificate is missing"));
}

// gRPC's own answer has no message.
TEST(Server, SaysThatItDoesNotOfferAService) {
  const auto server = StartServer();
  const auto stub = v1::RegistryService::NewStub(DialChannel(AddressOf(*server)));
  CallMonitor monitor(absl::Seconds(30));
  CallMonitor::Call call(&monitor);
  v1::Version version;
  const absl::Status status =
      call.Finish(stub->GetVersion(call.context(), v1::GetVersionRequest(), &version));
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("does not offer this call"));
}

TEST(CallMonitor, SleepsUntilCancelled) {
  CallMonitor monitor(absl::Seconds(30));
  EXPECT_TRUE(monitor.Sleep(absl::Milliseconds(1)));
  monitor.CancelAll();
  EXPECT_FALSE(monitor.Sleep(absl::Hours(1)));
}

}  // namespace
}  // namespace ropewalk
