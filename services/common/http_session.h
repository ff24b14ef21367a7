#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "services/common/http_handler.h"

namespace ropewalk {

// How long a session waits for the client to send or take something.
constexpr std::chrono::seconds kHttpPatience(30);
constexpr size_t kHttpPieceBytes = 256 << 10;

// One connection of an HttpServer, which says its limits. Keeps itself alive through the callbacks
// that it waits for; they run one at a time, for the socket's executor is a strand.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  // `handler` and `connections`, which counts sessions, outlive the session.
  HttpSession(boost::asio::ip::tcp::socket socket, HttpHandler* handler,
              std::atomic<int>* connections);
  ~HttpSession();

  // Reads requests and answers them until either side closes.
  void Run() { ReadHeader(); }

 private:
  using error_code = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
  using TextMessage = boost::beast::http::response<boost::beast::http::string_body>;
  using Header = boost::beast::http::response<boost::beast::http::empty_body>;

  void ReadHeader();
  void OnHeader(error_code error);
  void Refuse(error_code error);
  void Continue();
  void ReadBody();
  void OnBody(error_code error);
  std::chrono::steady_clock::time_point BodyDeadline() const;

  void Answer(HttpResponse response);
  void WriteText(const HttpResponse& response, std::string body);
  void WriteHeader(const HttpResponse& response, int64_t length, std::function<void()> send_body);
  void SendFile();
  void WaitToSend();
  void SendPiece();
  void OnAnswered(error_code error);
  void Linger();

  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer send_deadline_;
  HttpHandler* const handler_;
  std::atomic<int>* const connections_;
  boost::beast::flat_buffer buffer_;

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
  int64_t lingered_bytes_ = 0;
};

}  // namespace ropewalk
