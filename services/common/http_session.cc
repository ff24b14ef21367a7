#include "services/common/http_session.h"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
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
constexpr int64_t kLeastBytesPerSecond = 1 << 10;

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
  stream_.expires_after(kHttpPatience);
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
  piece_.resize(kHttpPieceBytes);
  // As much as it holds is read at once: 512 bytes if nothing is said.
  buffer_.reserve(kHttpPieceBytes);
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
  stream_.expires_after(kHttpPatience);
  asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                    [self = shared_from_this()](error_code error, size_t) {
                      if (!error) self->ReadBody();
                    });
}

std::chrono::steady_clock::time_point HttpSession::BodyDeadline() const {
  return body_begin_ + kHttpPatience + std::chrono::seconds(body_bytes_ / kLeastBytesPerSecond);
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

}  // namespace ropewalk
