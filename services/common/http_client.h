#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/mutex.h"

namespace ropewalk {

// How long a call may wait; what takes longer is DEADLINE_EXCEEDED.
struct HttpDeadlines {
  // Until there is a connection: looking up the host, TCP and TLS.
  absl::Duration connect = absl::Seconds(10);
  // Without a KiB going or coming, while the call waits for the network.
  absl::Duration stall = absl::Seconds(30);
  // In all, the caller's own time between two pieces of the answer included.
  absl::Duration total = absl::InfiniteDuration();
};

// A request to another server.
struct HttpCall {
  std::string method = "GET";
  // "http://" or "https://"; percent-encoded.
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // If set, gives the body instead: the next piece, empty at the end. Its error ends the call,
  // which returns it.
  std::function<absl::StatusOr<std::string>()> next_piece;
  // How long that body is; -1: not known, sent in chunks.
  int64_t body_bytes = -1;
  HttpDeadlines deadlines;
  // Redirects followed; more are FAILED_PRECONDITION. 0: they are answers like others.
  int max_redirects = 0;
};

struct HttpReply {
  int status = 0;
  // Names in lower case. Of several with one name the last.
  std::map<std::string, std::string> headers;
  std::string body;

  // Empty if it was not sent. `name` in lower case.
  std::string header(const std::string& name) const;
};

class HttpClient;
class HttpTransfer;
struct CurlHandles;

// An answer whose body is on its way. Not thread-safe; may move between threads.
class HttpDownload {
 public:
  // Breaks the connection off if the body has not come whole.
  ~HttpDownload();
  HttpDownload(const HttpDownload&) = delete;
  HttpDownload& operator=(const HttpDownload&) = delete;

  // Without the body.
  const HttpReply& head() const;

  // The next piece of the body: 1 MiB, or the last; empty at the end. Holds no more in memory.
  // UNAVAILABLE: the connection broke.
  absl::StatusOr<std::string> Next();

 private:
  friend class HttpClient;
  HttpDownload(HttpClient* client, HttpCall call);

  HttpClient* const client_;
  const HttpCall call_;
  std::unique_ptr<HttpTransfer> transfer_;
};

struct HttpClientOptions {
  // Certificates of the authorities that servers are trusted by, in PEM; empty: the system's.
  std::string ca_file;
  // Connections kept for later calls.
  int max_idle_connections = 16;
};

// Calls HTTP/1.1 servers, by libcurl. Any status is an answer, not an error. Keeps connections to
// use them again. Honours the usual variables for proxies (https_proxy, no_proxy, ...). The process
// ignores SIGPIPE from then on. Thread-safe.
//
// INVALID_ARGUMENT: the URL, the method or a header is malformed. UNAVAILABLE: no connection, or it
// broke; trying again may help. DEADLINE_EXCEEDED: see HttpDeadlines. FAILED_PRECONDITION: the
// server's certificate is not trusted. Messages name the URL without its query and its password.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  // After all downloads are gone.
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The whole answer. RESOURCE_EXHAUSTED: its body is longer than `max_body_bytes`.
  absl::StatusOr<HttpReply> Send(const HttpCall& call, int64_t max_body_bytes = 16 << 20);

  // Returns when the answer's headers have come.
  absl::StatusOr<std::unique_ptr<HttpDownload>> Open(HttpCall call);

 private:
  friend class HttpDownload;

  std::unique_ptr<CurlHandles> Take();
  void GiveBack(std::unique_ptr<CurlHandles> handles);

  const HttpClientOptions options_;
  Mutex mutex_;
  // The last one's connection is the youngest, and used again first.
  std::vector<std::unique_ptr<CurlHandles>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
