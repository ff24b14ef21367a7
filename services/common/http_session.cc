#include "services/common/http_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/write.hpp>
#include <limits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/http_session_request.h"
#include "services/common/logging.h"

// How an HttpSession reads; http_session_answer.cc has how it answers.

namespace ropewalk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr int kMaxHeaderBytes = 16 << 10;
// Of bodies that wait for their clients there may be many; those that come fast are read in pieces
// as large as the buffer.
constexpr size_t kFirstPieceBytes = 8 << 10;
constexpr int64_t kLeastBytesPerSecond = 1 << 10;

// Whether a request came where a handshake should have.
bool IsPlainHttp(const boost::system::error_code& error) {
  return error.category() == asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace

HttpSession::HttpSession(tcp::socket socket, HttpSessionContext* context)
    : context_(context),
      stream_(std::move(socket), context->patience),
      wait_deadline_(stream_.get_executor()) {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay(true), ignored);
  ++context_->connections;
}

HttpSession::~HttpSession() { --context_->connections; }

void HttpSession::Run() {
  if (context_->tls == nullptr) return ReadHeader();
  // TLS takes memory, which a client that says nothing shall not have.
  WaitFor(tcp::socket::wait_read, &HttpSession::Handshake);
}

void HttpSession::WaitFor(tcp::socket::wait_type what, void (HttpSession::*then)()) {
  wait_deadline_.expires_after(context_->patience);
  wait_deadline_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->stream_.socket().close(error);
  });
  stream_.socket().async_wait(what, [self = shared_from_this(), then](error_code error) {
    self->wait_deadline_.cancel();
    if (error) return self->OnAnswered(error);
    (self.get()->*then)();
  });
}

void HttpSession::Handshake() {
  stream_.SetDeadline(std::chrono::steady_clock::now() + context_->patience);
  stream_.Handshake(context_->tls->Context(),
                    [self = shared_from_this()](error_code error) { self->OnHandshake(error); });
}

void HttpSession::OnHandshake(error_code error) {
  if (!error) return ReadHeader();
  LogDebug("a TLS handshake has failed", {{"error", error.message()}});
  if (!IsPlainHttp(error)) return;
  stream_.GiveUpTls();
  parser_.emplace();
  AnswerAndClose(ErrorResponse(400, "this port speaks TLS: the address must begin with https://"));
}

void HttpSession::ReadHeader() {
  parser_.emplace();
  parser_->header_limit(kMaxHeaderBytes);
  // The exchange knows what is too much.
  parser_->body_limit(std::numeric_limits<uint64_t>::max());
  stream_.SetDeadline(std::chrono::steady_clock::now() + context_->patience);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
}

void HttpSession::OnHeader(error_code error) {
  if (error) return RefuseFor(error);
  std::optional<uint64_t> length;
  if (const auto announced = parser_->content_length()) length = *announced;
  std::optional<HttpResponse> refusal = RefusalOf(parser_->get(), length);
  if (refusal.has_value()) return AnswerAndClose(*std::move(refusal));
  exchange_ = context_->handler->Begin(ToRequest(parser_->get(), stream_.encrypted()));
  if (parser_->is_done()) return Answer(exchange_->Finish());
  BeginBody(length);
}

// Says why when there is a request that cannot be understood; closes when there is none.
void HttpSession::RefuseFor(error_code error) {
  if (error == http::error::header_limit) {
    return AnswerAndClose(
        ErrorResponse(431, absl::StrCat("headers are limited to ", kMaxHeaderBytes, " bytes")));
  }
  if (error == http::error::buffer_overflow) {
    return AnswerAndClose(ErrorResponse(
        431, absl::StrCat("a chunk's extension, and what follows the last chunk, are limited to ",
                          kMaxBufferBytes, " bytes")));
  }
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (!malformed) return;
  AnswerAndClose(ErrorResponse(400, absl::StrCat("bad request: ", error.message())));
}

void HttpSession::BeginBody(std::optional<uint64_t> length) {
  std::optional<HttpResponse> answer =
      exchange_->BeginBody(length.has_value() ? static_cast<int64_t>(*length) : -1);
  if (answer.has_value()) return Answer(*std::move(answer));
  body_bytes_ = 0;
  body_begin_ = std::chrono::steady_clock::now();
  SetPieceBytes(kFirstPieceBytes);
  const beast::string_view expect = parser_->get()[http::field::expect];
  if (absl::EqualsIgnoreCase(absl::string_view(expect.data(), expect.size()), "100-continue")) {
    return Continue();
  }
  ReadBody();
}

void HttpSession::SetPieceBytes(size_t bytes) {
  piece_.resize(bytes);
  // As much as it holds is read at once: 512 bytes if nothing is said.
  buffer_.reserve(bytes);
}

void HttpSession::Continue() {
  static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                    [self = shared_from_this()](error_code error, size_t) {
                      if (!error) self->ReadBody();
                    });
}

std::chrono::steady_clock::time_point HttpSession::BodyDeadline() const {
  return body_begin_ + context_->patience +
         std::chrono::seconds(body_bytes_ / kLeastBytesPerSecond);
}

void HttpSession::ReadBody() {
  parser_->get().body().data = piece_.data();
  parser_->get().body().size = piece_.size();
  parser_->get().body().more = true;
  stream_.SetDeadline(BodyDeadline());
  http::async_read_some(stream_, buffer_, *parser_,
                        [self = shared_from_this()](error_code error, size_t parsed_bytes) {
                          self->OnBody(error, parsed_bytes);
                        });
}

void HttpSession::OnBody(error_code error, size_t parsed_bytes) {
  if (error == http::error::need_buffer) error = {};
  if (error) return RefuseFor(error);
  const size_t count = piece_.size() - parser_->get().body().size;
  body_bytes_ += count;
  std::optional<HttpResponse> answer;
  if (count > 0) answer = exchange_->Append(absl::string_view(piece_).substr(0, count));
  if (answer.has_value()) return Answer(*std::move(answer));
  if (parser_->is_done()) return Answer(exchange_->Finish());
  // More has come than there was room for.
  if (parsed_bytes + buffer_.size() >= piece_.size()) SetPieceBytes(kMaxBufferBytes);
  ReadBody();
}

}  // namespace ropewalk
