#include "services/common/http_session.h"

#include <sys/sendfile.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr int kMaxHeaderBytes = 16 << 10;
constexpr std::chrono::seconds kPatience(30);
constexpr int64_t kLeastBytesPerSecond = 1 << 10;
constexpr size_t kPieceBytes = 256 << 10;
// Sent before other connections get a turn.
constexpr int64_t kTurnBytes = 4 << 20;
// A client that still sends when it has been answered must be listened to for a while, or it never
// sees the answer: its data would make this side reset the connection.
constexpr std::chrono::seconds kLingerPatience(5);
constexpr int64_t kLingerBytes = 16 << 20;

std::string ToString(beast::string_view text) { return std::string(text.data(), text.size()); }

template <typename Message>
HttpRequest ToRequest(const Message& message) {
  HttpRequest request;
  request.method = ToString(message.method_string());
  const std::string target = ToString(message.target());
  const size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  for (const auto& field : message) {
    request.headers[absl::AsciiStrToLower(ToString(field.name_string()))] = ToString(field.value());
  }
  return request;
}

// Whether the body is encoded in a way that the parser would take for none, where a proxy may not.
template <typename Message>
bool HasOtherEncoding(const Message& message) {
  const auto encoding = message.find(http::field::transfer_encoding);
  return encoding != message.end() &&
         !absl::EqualsIgnoreCase(ToString(encoding->value()), "chunked");
}

template <typename Message>
void SetHeader(const HttpResponse& response, bool keep_alive, int64_t length, Message* message) {
  message->result(response.status);
  message->set(http::field::content_type, response.content_type);
  message->set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) message->set(name, value);
  message->keep_alive(keep_alive);
  const bool bodyless = response.status == 204 || response.status == 304;
  if (!bodyless) message->content_length(length);
}

}  // namespace

HttpSession::HttpSession(tcp::socket socket, HttpHandler* handler, std::atomic<int>* connections)
    : stream_(std::move(socket)),
      send_deadline_(stream_.get_executor()),
      handler_(handler),
      connections_(connections) {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  ++*connections_;
}

HttpSession::~HttpSession() { --*connections_; }

void HttpSession::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  // The exchange knows what is too much.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  stream_.expires_after(kPatience);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
}

void HttpSession::OnHeader(error_code error) {
  if (error) return Refuse(error);
  if (HasOtherEncoding(parser_->get())) {
    return Answer(TextResponse(400, "Transfer-Encoding can only be chunked\n"));
  }
  exchange_ = handler_->Begin(ToRequest(parser_->get()));
  if (parser_->is_done()) return Answer(exchange_->Finish());
  const boost::optional<uint64_t> length = parser_->content_length();
  std::optional<HttpResponse> answer = exchange_->BeginBody(length ? *length : -1);
  if (answer.has_value()) return Answer(*std::move(answer));
  body_bytes_ = 0;
  body_begin_ = std::chrono::steady_clock::now();
  piece_.resize(kPieceBytes);
  const beast::string_view expect = parser_->get()[http::field::expect];
  if (absl::EqualsIgnoreCase(ToString(expect), "100-continue")) return Continue();
  ReadBody();
}

// Says why when there is a request that cannot be understood; closes when there is none.
void HttpSession::Refuse(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Answer(
        TextResponse(431, absl::StrCat("headers are limited to ", kMaxHeaderBytes, " bytes\n")));
  }
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (malformed) Answer(TextResponse(400, absl::StrCat("bad request: ", error.message(), "\n")));
}

void HttpSession::Continue() {
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(kPatience);
  asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                    [self = shared_from_this()](error_code error, size_t) {
                      if (!error) self->ReadBody();
                    });
}

std::chrono::steady_clock::time_point HttpSession::BodyDeadline() const {
  return body_begin_ + kPatience + std::chrono::seconds(body_bytes_ / kLeastBytesPerSecond);
}

void HttpSession::ReadBody() {
  parser_->get().body().data = piece_.data();
  parser_->get().body().size = piece_.size();
  parser_->get().body().more = true;
  stream_.expires_at(BodyDeadline());
  http::async_read_some(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, size_t) { self->OnBody(error); });
}

void HttpSession::OnBody(error_code error) {
  if (error == http::error::need_buffer) error = {};
  if (error) return Refuse(error);
  const size_t count = piece_.size() - parser_->get().body().size;
  body_bytes_ += count;
  std::optional<HttpResponse> answer;
  if (count > 0) answer = exchange_->Append(absl::string_view(piece_).substr(0, count));
  if (answer.has_value()) return Answer(*std::move(answer));
  if (parser_->is_done()) return Answer(exchange_->Finish());
  ReadBody();
}

void HttpSession::Answer(HttpResponse response) {
  exchange_ = nullptr;
  piece_ = std::string();
  keep_alive_ = parser_->is_done() && parser_->get().keep_alive();
  if (auto* body = std::get_if<std::string>(&response.body)) {
    return WriteText(response, std::move(*body));
  }
  WriteFileHeader(response, std::get<FileStretch>(response.body));
}

void HttpSession::WriteText(const HttpResponse& response, std::string body) {
  const bool head = parser_->get().method() == http::verb::head;
  text_.emplace();
  SetHeader(response, keep_alive_, body.size(), &*text_);
  if (!head) text_->body() = std::move(body);
  stream_.expires_after(kPatience);
  http::async_write(stream_, *text_, [self = shared_from_this()](error_code error, size_t) {
    self->OnAnswered(error);
  });
}

void HttpSession::WriteFileHeader(const HttpResponse& response, FileStretch stretch) {
  file_header_.emplace();
  SetHeader(response, keep_alive_, stretch.length, &*file_header_);
  stretch_ = std::move(stretch);
  if (parser_->get().method() == http::verb::head) stretch_.length = 0;
  serializer_.emplace(*file_header_);
  stream_.expires_after(kPatience);
  http::async_write_header(stream_, *serializer_,
                           [self = shared_from_this()](error_code error, size_t) {
                             if (error) return self->OnAnswered(error);
                             self->stream_.socket().native_non_blocking(true, error);
                             self->SendFile();
                           });
}

void HttpSession::SendFile() {
  if (stretch_.length == 0) return OnAnswered({});
  off_t offset = stretch_.offset;
  const ssize_t sent = sendfile(stream_.socket().native_handle(), stretch_.file->descriptor(),
                                &offset, std::min(stretch_.length, kTurnBytes));
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return WaitToSend();
  // An error, or the file is shorter than it was: the client sees that bytes are missing.
  if (sent <= 0) return OnAnswered(asio::error::connection_aborted);
  stretch_.offset += sent;
  stretch_.length -= sent;
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->SendFile(); });
}

void HttpSession::WaitToSend() {
  send_deadline_.expires_after(kPatience);
  send_deadline_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->stream_.socket().close(error);
  });
  stream_.socket().async_wait(tcp::socket::wait_write,
                              [self = shared_from_this()](error_code error) {
                                self->send_deadline_.cancel();
                                if (error) return self->OnAnswered(error);
                                self->SendFile();
                              });
}

void HttpSession::OnAnswered(error_code error) {
  text_.reset();
  serializer_.reset();
  file_header_.reset();
  stretch_ = FileStretch();
  if (error) return;
  if (keep_alive_) return ReadHeader();
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  if (error || parser_->is_done()) return;
  buffer_.clear();
  Linger();
}

void HttpSession::Linger() {
  stream_.expires_after(kLingerPatience);
  stream_.async_read_some(buffer_.prepare(kPieceBytes),
                          [self = shared_from_this()](error_code error, size_t count) {
                            self->lingered_bytes_ += count;
                            if (!error && self->lingered_bytes_ < kLingerBytes) self->Linger();
                          });
}

}  // namespace ropewalk
