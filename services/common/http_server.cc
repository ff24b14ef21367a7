#include "services/common/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/listen_address.h"
#include "services/common/status_macros.h"
#include "services/common/threads.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kMaxHeaderBytes = 16 << 10;
constexpr int kMaxBodyBytes = 1 << 20;
constexpr int kMaxConnections = 256;
constexpr std::chrono::seconds kPatience(15);
constexpr std::chrono::milliseconds kAcceptPause(100);

std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

HttpRequest ToRequest(const http::request<http::string_body>& message) {
  HttpRequest request;
  request.method = ToString(message.method_string());
  const std::string target = ToString(message.target());
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    request.headers[absl::AsciiStrToLower(ToString(field.name_string()))] = ToString(field.value());
  }
  request.body = message.body();
  return request;
}

http::response<http::string_body> ToMessage(HttpResponse response, unsigned version,
                                            bool keep_alive, bool head) {
  http::response<http::string_body> message(http::int_to_status(response.status), version);
  message.set(http::field::content_type, response.content_type);
  message.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) message.set(name, value);
  message.keep_alive(keep_alive);
  message.content_length(response.body.size());
  if (!head) message.body() = std::move(response.body);
  return message;
}

// One connection; keeps itself alive through the callbacks it waits for.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, HttpHandler* handler, int* connections)
      : stream_(std::move(socket)), handler_(handler), connections_(connections) {
    ++*connections_;
  }
  ~Session() { --*connections_; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(kMaxHeaderBytes);
    parser_->body_limit(kMaxBodyBytes);
    stream_.expires_after(kPatience);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(error_code error) {
    if (error == http::error::body_limit) return Refuse(http::status::payload_too_large);
    if (error == http::error::header_limit) {
      return Refuse(http::status::request_header_fields_too_large);
    }
    if (error) return;
    const auto& message = parser_->get();
    Write(ToMessage(handler_->Handle(ToRequest(message)), message.version(), message.keep_alive(),
                    message.method() == http::verb::head));
  }

  void Refuse(http::status status) {
    HttpResponse response;
    response.status = static_cast<int>(status);
    response.body = absl::StrCat(ToString(http::obsolete_reason(status)), "\n");
    Write(ToMessage(std::move(response), 11, /*keep_alive=*/false, /*head=*/false));
  }

  void Write(http::response<http::string_body> message) {
    message_ = std::move(message);
    stream_.expires_after(kPatience);
    http::async_write(stream_, message_, [self = shared_from_this()](error_code error, size_t) {
      if (!error && self->message_.keep_alive()) return self->Read();
      self->stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    });
  }

  beast::tcp_stream stream_;
  HttpHandler* const handler_;
  int* const connections_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> message_;
};

}  // namespace

struct HttpServer::State {
  explicit State(HttpHandler* handler) : handler(handler) {}

  absl::Status Listen(const std::string& address);
  void Accept();

  HttpHandler* const handler;
  int connections = 0;  // Declared before `io`, whose end ends the sessions.
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::thread thread;
};

absl::Status HttpServer::State::Listen(const std::string& address) {
  ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(parsed.host, std::to_string(parsed.port), tcp::resolver::passive, error);
  if (!error) acceptor.open(found.begin()->endpoint().protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(found.begin()->endpoint(), error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address, ": ", error.message(),
                                             "; is it another process's?"));
}

void HttpServer::State::Accept() {
  acceptor.async_accept([this](error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) {
      // Out of file descriptors, as a rule: give others time to end.
      pause.expires_after(kAcceptPause);
      return pause.async_wait([this](error_code cancelled) {
        if (!cancelled) Accept();
      });
    }
    if (connections < kMaxConnections) {
      std::make_shared<Session>(std::move(socket), handler, &connections)->Read();
    }
    Accept();
  });
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              HttpHandler* handler) {
  auto state = std::make_unique<State>(handler);
  RETURN_IF_ERROR(state->Listen(address));
  state->Accept();
  state->thread = std::thread([state = state.get()] {
    SetThreadName("http");
    state->io.run();
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->io.stop();
  state_->thread.join();
}

int HttpServer::port() const {
  error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

}  // namespace ropewalk
