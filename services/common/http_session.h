#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "services/common/http_handler.h"
#include "services/common/http_session_stream.h"
#include "services/common/http_tls_identity.h"

namespace ropewalk {

// What a server's sessions share, and it outlives.
struct HttpSessionContext {
  HttpHandler* handler = nullptr;
  // Null: the server does not speak TLS.
  HttpTlsIdentity* tls = nullptr;
  // How long a session waits for the client to send or take something.
  std::chrono::milliseconds patience{0};
  // How many sessions there are.
  std::atomic<int> connections = 0;
};

// One connection of an HttpServer, which says its limits. Keeps itself alive through the callbacks
// that it waits for; they run one at a time, for the socket's executor is a strand.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, HttpSessionContext* context);
  ~HttpSession();

  // Reads requests and answers them until either side closes.
  void Run();

 private:
  using error_code = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  using TextMessage = boost::beast::http::response<boost::beast::http::string_body>;
  using Header = boost::beast::http::response<boost::beast::http::empty_body>;

  // A line of a body's framing, or its trailer, may not be longer.
  static constexpr size_t kMaxBufferBytes = 64 << 10;

  void Handshake();
  void OnHandshake(error_code error);
  void WaitFor(boost::asio::ip::tcp::socket::wait_type what, void (HttpSession::*then)());

  void ReadHeader();
  void OnHeader(error_code error);
  void BeginBody(std::optional<uint64_t> length);
  void Continue();
  void ReadBody();
  void OnBody(error_code error, size_t parsed_bytes);
  void SetPieceBytes(size_t bytes);
  std::chrono::steady_clock::time_point BodyDeadline() const;
  void RefuseFor(error_code error);

  void Answer(HttpResponse response);
  void AnswerAndClose(HttpResponse response);
  void WriteText(const HttpResponse& response, std::string body);
  void WriteHeader(const HttpResponse& response, int64_t length, std::function<void()> send_body);
  void SendFile();
  void SendPiece();
  void OnAnswered(error_code error);
  void Close();
  void ShutDown();
  void Linger();

  HttpSessionContext* const context_;
  HttpSessionStream stream_;
  boost::asio::steady_timer wait_deadline_;
  boost::beast::flat_buffer buffer_{kMaxBufferBytes};

  // Of the request at hand.
  std::optional<Parser> parser_;
  std::unique_ptr<HttpExchange> exchange_;
  std::string piece_;  // of the request's body, then of the answer's
  int64_t body_bytes_ = 0;
  std::chrono::steady_clock::time_point body_begin_;

  // Of the answer at hand.
  std::optional<TextMessage> text_;
  std::optional<Header> header_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>>
      serializer_;
  FileStretch stretch_;
  std::shared_ptr<HttpBody> pieces_;
  bool keep_alive_ = false;
  bool refused_ = false;  // What the client still sends is not understood.
  int64_t lingered_bytes_ = 0;
};

}  // namespace ropewalk
