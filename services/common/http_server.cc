#include "services/common/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/http_session.h"
#include "services/common/http_tls_identity.h"
#include "services/common/listen_address.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"
#include "services/common/threads.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause(100);

// What a handler or a library throws ends its session, not the server.
void RunToTheEnd(asio::io_context* io) {
  while (true) {
    try {
      io->run();
      return;
    } catch (const std::exception& error) {
      LogError("an HTTP session has failed", {{"error", error.what()}});
    }
  }
}

}  // namespace

struct HttpServer::State {
  State(const HttpServerOptions& options, HttpHandler* handler)
      : options(options), io(options.threads) {
    sessions.handler = handler;
    sessions.patience = absl::ToChronoMilliseconds(options.patience);
  }

  absl::Status OpenTls();
  absl::Status Listen();
  void Accept();
  void OnAccept(error_code error, tcp::socket socket);

  const HttpServerOptions options;
  std::unique_ptr<HttpTlsIdentity> tls;
  HttpSessionContext sessions;  // Declared before `io`, whose end ends them.
  asio::io_context io;
  tcp::acceptor acceptor{io};
  asio::steady_timer pause{io};
  std::vector<std::thread> threads;
};

absl::Status HttpServer::State::OpenTls() {
  if (options.certificate_file.empty() && options.key_file.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(
      tls, HttpTlsIdentity::Open({.certificate = options.certificate_file, .key = options.key_file},
                                 Clock::Real()));
  sessions.tls = tls.get();
  return absl::OkStatus();
}

absl::Status HttpServer::State::Listen() {
  ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(options.address));
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(parsed.host, std::to_string(parsed.port), tcp::resolver::passive, error);
  if (!error) acceptor.open(found.begin()->endpoint().protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(found.begin()->endpoint(), error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot listen on ", options.address, ": ",
                                             error.message(), "; is it another process's?"));
}

void HttpServer::State::Accept() {
  acceptor.async_accept(asio::make_strand(io), [this](error_code error, tcp::socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void HttpServer::State::OnAccept(error_code error, tcp::socket socket) {
  if (error == asio::error::operation_aborted) return;
  if (error) {
    // Out of file descriptors, as a rule: give others time to end.
    pause.expires_after(kAcceptPause);
    return pause.async_wait([this](error_code cancelled) {
      if (!cancelled) Accept();
    });
  }
  if (sessions.connections < options.max_connections) {
    std::make_shared<HttpSession>(std::move(socket), &sessions)->Run();
  }
  Accept();
}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options,
                                                              HttpHandler* handler) {
  // A client may go away while sendfile sends it something, which cannot be told not to raise this.
  std::signal(SIGPIPE, SIG_IGN);
  auto state = std::make_unique<State>(options, handler);
  RETURN_IF_ERROR(state->OpenTls());
  RETURN_IF_ERROR(state->Listen());
  state->Accept();
  for (int i = 0; i < options.threads; ++i) {
    state->threads.emplace_back([state = state.get()] {
      SetThreadName("http");
      RunToTheEnd(&state->io);
    });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->io.stop();
  for (std::thread& thread : state_->threads) thread.join();
}

int HttpServer::port() const {
  error_code error;
  return state_->acceptor.local_endpoint(error).port();
}

}  // namespace ropewalk
