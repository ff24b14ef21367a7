#include "services/common/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <sys/resource.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/diagnostics_service.h"
#include "services/common/http_server.h"
#include "services/common/listen_address.h"
#include "services/common/logging.h"
#include "services/common/mutex.h"
#include "services/common/probe_handler.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// gRPC 1.51 stops accepting for good once it has run out of file descriptors.
void RaiseOpenFileLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

absl::Status CheckAddress(const std::string& address, bool insecure) {
  RETURN_IF_ERROR(CheckListenAddress(address, insecure));
  ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  if (!IsLoopback(parsed.host)) {
    LogWarning("INSECURE: every machine that reaches this address can use the service",
               {{"address", address}});
  }
  return absl::OkStatus();
}

absl::Status CheckHttpSide(const ServerOptions& options) {
  const bool tls = !options.http_certificate.empty() || !options.http_key.empty();
  if (!options.http_address.empty()) {
    return tls ? ParseHostPort(options.http_address).status()
               : CheckAddress(options.http_address, options.insecure);
  }
  if (!tls) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--http-certificate and --http-key are the HTTP side's, and there is none: give "
      "--http-listen, too");
}

void SetKeepalive(grpc::ServerBuilder* builder) {
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

void SetLimits(int max_threads, grpc::ServerBuilder* builder) {
  grpc::ResourceQuota quota("ropewalk");
  quota.SetMaxThreads(max_threads);
  builder->SetResourceQuota(quota);
  // Two processes on one port would each get some of the calls.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

void EnableBuiltInServices() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
}

}  // namespace

struct Server::State {
  explicit State(const ServerOptions& options) : options(options), probes(options.http_handler) {}

  absl::Status StartGrpc(const std::vector<grpc::Service*>& services,
                         const std::function<void(grpc::ServerBuilder&)>& configure);
  absl::Status StartHttp();

  const ServerOptions options;
  ProbeHandler probes;
  DiagnosticsServiceImpl diagnostics;
  int port = 0;
  Mutex mutex;
  bool shut_down ABSL_GUARDED_BY(mutex) = false;
  std::unique_ptr<grpc::Server> grpc;
  std::unique_ptr<HttpServer> http;
};

absl::Status Server::State::StartGrpc(const std::vector<grpc::Service*>& services,
                                      const std::function<void(grpc::ServerBuilder&)>& configure) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.listen_address, grpc::InsecureServerCredentials(), &port);
  SetKeepalive(&builder);
  SetLimits(options.max_threads, &builder);
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.RegisterService(&diagnostics);
  if (configure) configure(builder);
  grpc = builder.BuildAndStart();
  if (grpc != nullptr) {
    grpc->GetHealthCheckService()->SetServingStatus(false);
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", options.listen_address, "; is it another process's?"));
}

absl::Status Server::State::StartHttp() {
  if (options.http_address.empty()) return absl::OkStatus();
  HttpServerOptions http_options;
  http_options.address = options.http_address;
  http_options.threads = options.http_threads;
  http_options.max_connections = options.max_http_connections;
  http_options.certificate_file = options.http_certificate;
  http_options.key_file = options.http_key;
  ASSIGN_OR_RETURN(http, HttpServer::Start(http_options, &probes));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, std::vector<grpc::Service*> services,
    std::function<void(grpc::ServerBuilder&)> configure) {
  RETURN_IF_ERROR(CheckAddress(options.listen_address, options.insecure));
  RETURN_IF_ERROR(CheckHttpSide(options));
  RaiseOpenFileLimit();
  EnableBuiltInServices();
  auto state = std::make_unique<State>(options);
  RETURN_IF_ERROR(state->StartHttp());
  RETURN_IF_ERROR(state->StartGrpc(services, configure));
  std::unique_ptr<Server> server(new Server(std::move(state)));
  LogInfo("listening", {{"address", options.listen_address},
                        {"port", server->port()},
                        {"http_port", server->http_port()}});
  return server;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() { Shutdown(absl::ZeroDuration()); }

int Server::port() const { return state_->port; }

int Server::http_port() const { return state_->http == nullptr ? 0 : state_->http->port(); }

void Server::SetReady(bool ready) {
  state_->probes.SetReady(ready);
  state_->grpc->GetHealthCheckService()->SetServingStatus(ready);
}

void Server::Shutdown(absl::Duration drain) {
  {
    MutexLock lock(&state_->mutex);
    if (std::exchange(state_->shut_down, true)) return;
  }
  SetReady(false);
  state_->grpc->Shutdown(absl::ToChronoTime(absl::Now() + drain));
  state_->grpc->Wait();
}

}  // namespace ropewalk
