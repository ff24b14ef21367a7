#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class ServerBuilder;
class Service;
}  // namespace grpc

namespace ropewalk {

class HttpHandler;

struct ServerOptions {
  // "host:port" of the gRPC side; port 0 takes a free one.
  std::string listen_address = "127.0.0.1:0";
  // "host:port" of the HTTP side (/livez, /readyz, /metrics); empty: none.
  std::string http_address;
  // PEM files, both or neither: the HTTP side speaks TLS. See HttpServerOptions.
  std::string http_certificate;
  std::string http_key;
  // gRPC's traffic is neither encrypted nor authenticated, and HTTP's only with a certificate, so
  // an address that is not a loopback one is refused unless this is set; setting it is logged
  // loudly. An HTTP side that speaks TLS may have any address.
  bool insecure = false;
  // Answers what else is asked on the HTTP side; not owned, outlives the server. Null: 404.
  HttpHandler* http_handler = nullptr;
  // See HttpServerOptions.
  int http_threads = 1;
  int max_http_connections = 256;
  // The most threads of synchronous handlers; each open stream takes one. Calls beyond them are
  // refused with RESOURCE_EXHAUSTED instead of starting threads without end.
  int max_threads = 256;
};

// A process's front door: gRPC with health, reflection and DiagnosticsService built in, and HTTP
// for probes and metrics. Thread-safe.
class Server {
 public:
  // `services` are not owned and outlive the server. `configure` may adjust the builder, e.g. the
  // largest message (4 MiB received unless changed). The server starts not ready.
  // FAILED_PRECONDITION: an address is not loopback and `insecure` is not set.
  // INVALID_ARGUMENT: an address is not "host:port", or the certificate and the key cannot be used.
  // UNAVAILABLE: an address cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ServerOptions& options, std::vector<grpc::Service*> services,
      std::function<void(grpc::ServerBuilder&)> configure = nullptr);

  // Shuts down at once if Shutdown was not called.
  ~Server();

  // The ports bound; http_port is 0 without an HTTP side.
  int port() const;
  int http_port() const;

  // What health checks and /readyz say.
  void SetReady(bool ready);

  // Says "not ready", refuses new calls, lets running ones go on for `drain`, cancels the rest, and
  // returns when all handlers have. Handlers must return when their call is cancelled.
  void Shutdown(absl::Duration drain);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ropewalk
