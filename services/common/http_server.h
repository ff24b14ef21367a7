#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace ropewalk {

struct HttpRequest {
  // "GET", "HEAD", ...
  std::string method;
  // Without the query, as sent (percent-encoded); begins with '/'.
  std::string path;
  // What follows '?'; may be empty.
  std::string query;
  // Names in lower case.
  std::map<std::string, std::string> headers;
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::map<std::string, std::string> headers;
  // For HEAD too: the server sends its length and leaves it out.
  std::string body;
};

// Answers requests. Called by the server's one thread, so it must be quick; must not throw.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual HttpResponse Handle(const HttpRequest& request) = 0;
};

// A small HTTP/1.1 server on one thread of its own: 16 KiB of headers, 1 MiB of body, 15 s for a
// request to come or an answer to go, 256 connections at a time.
class HttpServer {
 public:
  // `handler` is not owned and outlives the server.
  // INVALID_ARGUMENT: the address is not "host:port". UNAVAILABLE: it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           HttpHandler* handler);

  // Closes all connections and joins the thread.
  ~HttpServer();

  // The port bound.
  int port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ropewalk
