#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/input_file.h"

namespace ropewalk {

// What a request says before its body.
struct HttpRequest {
  // "GET", "HEAD", ...
  std::string method;
  // Without the query, as sent (percent-encoded); begins with '/'.
  std::string path;
  // What follows '?'; may be empty.
  std::string query;
  // Names in lower case. Of several with one name the last.
  std::map<std::string, std::string> headers;
  // What addresses of this server begin with for who asks: "https" if the connection is encrypted,
  // or X-Forwarded-Proto says that a proxy's is.
  std::string scheme = "http";

  // Empty if it was not sent. `name` in lower case.
  std::string header(const std::string& name) const;
};

// A body whose bytes are not at hand. Not thread-safe.
class HttpBody {
 public:
  virtual ~HttpBody() = default;

  virtual int64_t size_bytes() const = 0;

  // The next piece, at most 1 MiB; empty at the end. It may wait for a disk or another server. An
  // error breaks the connection off, so that the client sees that bytes are missing.
  virtual absl::StatusOr<std::string> Next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::map<std::string, std::string> headers;
  // For HEAD too: the server sends its length and leaves it out. A stretch of a file goes out
  // without being read into memory.
  std::variant<std::string, FileStretch, std::shared_ptr<HttpBody>> body;
};

// One request on its way. Its methods are called one after another, though not always by the same
// thread; they may wait for a disk, never for the client. Must not throw.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  // Called first if there is a body. `announced_bytes`: its length, or -1 if that is not known. An
  // answer ends the exchange: the body is not read.
  virtual std::optional<HttpResponse> BeginBody(int64_t announced_bytes) { return std::nullopt; }

  // The next piece of the request's body, at most 64 KiB. An answer ends the exchange: the rest of
  // the body is not read.
  virtual std::optional<HttpResponse> Append(absl::string_view piece) = 0;

  // The body has come whole, or there is none.
  virtual HttpResponse Finish() = 0;
};

// Answers requests. Called by all of a server's threads.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // The exchange that takes the request from here. Never null.
  virtual std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) = 0;
};

// An exchange that answers before it has read any body.
std::unique_ptr<HttpExchange> AnswerAtOnce(HttpResponse response);

// An exchange that hands a body of at most `limit` bytes to `answer`, and says 413 to a longer one.
std::unique_ptr<HttpExchange> AnswerToBody(size_t limit,
                                           std::function<HttpResponse(std::string body)> answer);

// A line of plain text.
HttpResponse TextResponse(int status, std::string body);

// An error as the Hub's clients read it, too: {"error": message}.
HttpResponse ErrorResponse(int status, absl::string_view message);

}  // namespace ropewalk
