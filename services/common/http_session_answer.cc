#include <sys/sendfile.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "absl/status/statusor.h"
#include "services/common/http_session.h"
#include "services/common/status_macros.h"

// How an HttpSession answers; http_session.cc has how it reads.

namespace ropewalk {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

// Sent before other connections get a turn.
constexpr int64_t kTurnBytes = 4 << 20;
constexpr int64_t kFilePieceBytes = 256 << 10;
// A client that still sends when it has been answered must be listened to for a while, or it never
// sees the answer: its data would make this side reset the connection.
constexpr std::chrono::milliseconds kLingerPatience(5000);
constexpr int64_t kLingerBytes = 16 << 20;
constexpr size_t kLingerPieceBytes = 16 << 10;

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

// A file that goes through memory, where TLS encrypts it.
class FileBody final : public HttpBody {
 public:
  explicit FileBody(FileStretch stretch) : left_(std::move(stretch)) {}

  int64_t size_bytes() const override { return left_.length; }

  absl::StatusOr<std::string> Next() override {
    if (left_.length == 0) return std::string();
    ASSIGN_OR_RETURN(std::string piece,
                     left_.file->Read(left_.offset, std::min(left_.length, kFilePieceBytes)));
    if (piece.empty()) return absl::DataLossError("the file is shorter than it was");
    left_.offset += piece.size();
    left_.length -= piece.size();
    return piece;
  }

 private:
  FileStretch left_;
};

}  // namespace

void HttpSession::AnswerAndClose(HttpResponse response) {
  refused_ = true;
  Answer(std::move(response));
}

void HttpSession::Answer(HttpResponse response) {
  exchange_ = nullptr;
  piece_ = std::string();
  keep_alive_ = !refused_ && parser_->is_done() && parser_->get().keep_alive();
  if (auto* body = std::get_if<std::string>(&response.body)) {
    return WriteText(response, std::move(*body));
  }
  if (auto* stretch = std::get_if<FileStretch>(&response.body)) {
    if (!stream_.encrypted()) {
      stretch_ = std::move(*stretch);
      return WriteHeader(response, stretch_.length, [this] { SendFile(); });
    }
    pieces_ = std::make_shared<FileBody>(std::move(*stretch));
  } else {
    pieces_ = std::get<std::shared_ptr<HttpBody>>(std::move(response.body));
  }
  WriteHeader(response, pieces_->size_bytes(), [this] { SendPiece(); });
}

void HttpSession::WriteText(const HttpResponse& response, std::string body) {
  const bool head = parser_->get().method() == http::verb::head;
  text_.emplace();
  SetHeader(response, keep_alive_, body.size(), &*text_);
  if (!head) text_->body() = std::move(body);
  http::async_write(stream_, *text_, [self = shared_from_this()](error_code error, size_t) {
    self->OnAnswered(error);
  });
}

void HttpSession::WriteHeader(const HttpResponse& response, int64_t length,
                              std::function<void()> send_body) {
  header_.emplace();
  SetHeader(response, keep_alive_, length, &*header_);
  const bool head = parser_->get().method() == http::verb::head;
  serializer_.emplace(*header_);
  http::async_write_header(stream_, *serializer_,
                           [self = shared_from_this(), head, send_body = std::move(send_body)](
                               error_code error, size_t) {
                             if (error || head) return self->OnAnswered(error);
                             send_body();
                           });
}

void HttpSession::SendFile() {
  if (stretch_.length == 0) return OnAnswered({});
  error_code ignored;
  stream_.socket().native_non_blocking(true, ignored);
  off_t offset = stretch_.offset;
  const ssize_t sent = sendfile(stream_.socket().native_handle(), stretch_.file->descriptor(),
                                &offset, std::min(stretch_.length, kTurnBytes));
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    return WaitFor(tcp::socket::wait_write, &HttpSession::SendFile);
  }
  // An error, or the file is shorter than it was: the client sees that bytes are missing.
  if (sent <= 0) return OnAnswered(asio::error::connection_aborted);
  stretch_.offset += sent;
  stretch_.length -= sent;
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->SendFile(); });
}

void HttpSession::SendPiece() {
  absl::StatusOr<std::string> piece = pieces_->Next();
  if (!piece.ok()) return OnAnswered(asio::error::connection_aborted);
  if (piece->empty()) return OnAnswered({});
  piece_ = *std::move(piece);
  asio::async_write(stream_, asio::buffer(piece_),
                    [self = shared_from_this()](error_code error, size_t) {
                      if (error) return self->OnAnswered(error);
                      self->SendPiece();
                    });
}

void HttpSession::OnAnswered(error_code error) {
  text_.reset();
  serializer_.reset();
  header_.reset();
  stretch_ = FileStretch();
  pieces_ = nullptr;
  piece_ = std::string();
  if (error) return;
  if (!keep_alive_) return Close();
  buffer_.shrink_to_fit();  // Of connections that wait there may be many.
  ReadHeader();
}

// One deadline for all that is left, or a client that sends a byte now and then would stay for
// ever.
void HttpSession::Close() {
  stream_.SetDeadline(std::chrono::steady_clock::now() +
                      std::min(kLingerPatience, context_->patience));
  if (!stream_.encrypted()) return ShutDown();
  stream_.EndTls([self = shared_from_this()](error_code) { self->ShutDown(); });
}

void HttpSession::ShutDown() {
  error_code error;
  stream_.socket().shutdown(tcp::socket::shutdown_send, error);
  if (error || (parser_->is_done() && !refused_)) return;
  buffer_.clear();
  Linger();
}

void HttpSession::Linger() {
  stream_.tcp().async_read_some(buffer_.prepare(kLingerPieceBytes),
                                [self = shared_from_this()](error_code error, size_t count) {
                                  self->lingered_bytes_ += count;
                                  if (!error && self->lingered_bytes_ < kLingerBytes)
                                    self->Linger();
                                });
}

}  // namespace ropewalk
