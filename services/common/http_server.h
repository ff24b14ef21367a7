#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/http_handler.h"

namespace ropewalk {

struct HttpServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string address;
  // Threads that read, answer and write. One waits while its handler waits for a disk.
  int threads = 1;
  // Open at a time; what comes beyond is closed at once.
  int max_connections = 256;
};

// An HTTP/1.1 server: 16 KiB of headers, 30 s for them to come (on an open connection, too), and
// 30 s without progress for an answer to go. A body must come at 1 KiB/s or more after its first
// 30 s. What cannot be parsed is answered with 400 or 431 and closed. The process ignores SIGPIPE
// from then on.
class HttpServer {
 public:
  // `handler` is not owned and outlives the server.
  // INVALID_ARGUMENT: the address is not "host:port". UNAVAILABLE: it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options,
                                                           HttpHandler* handler);

  // Closes all connections and joins the threads.
  ~HttpServer();

  // The port bound.
  int port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ropewalk
