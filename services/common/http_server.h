#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/http_handler.h"

namespace ropewalk {

struct HttpServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string address;
  // Threads that read, answer and write. One waits while its handler waits for a disk.
  int threads = 1;
  // Open at a time; what comes beyond is closed at once.
  int max_connections = 256;
  // PEM files, both or neither: the server speaks TLS 1.2 or newer, and nothing else. Read again
  // within a minute of a change. TLS takes 110 KiB of memory for an open connection.
  std::string certificate_file;
  std::string key_file;
  // For a TLS handshake, for headers to come (on an open connection, too), and for an answer to go
  // on. After it a body must come at 1 KiB/s or more.
  absl::Duration patience = absl::Seconds(30);
};

// An HTTP/1.1 server: 16 KiB of headers, 64 KiB of a chunk's extension or of a trailer. What cannot
// be parsed, or might mean something else to a proxy, is answered with 4xx and {"error": ...}, and
// the connection is closed. The process ignores SIGPIPE from then on.
class HttpServer {
 public:
  // `handler` is not owned and outlives the server.
  // INVALID_ARGUMENT: the address is not "host:port", or the certificate and the key cannot be
  // used. UNAVAILABLE: the address cannot be bound.
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
