#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace ropewalk {

// An HttpSession's connection: TCP, or TLS over it. For Boost.Beast's and Asio's operations, which
// end with an error and close the socket when their time is over. Not thread-safe.
class HttpSessionStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  // `patience`: how long a client may take nothing of what is written.
  HttpSessionStream(boost::asio::ip::tcp::socket socket, std::chrono::milliseconds patience)
      : tcp_(std::move(socket)), patience_(patience) {}

  executor_type get_executor() noexcept { return tcp_.get_executor(); }
  boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }

  // What is between the socket and TLS.
  boost::beast::tcp_stream& tcp() { return tcp_; }

  bool encrypted() const { return encrypted_; }

  // When reading, a handshake or the end of TLS must be over.
  void SetDeadline(std::chrono::steady_clock::time_point deadline) { tcp_.expires_at(deadline); }

  // Whatever follows is encrypted. Then `done` is called with the error, if there is one.
  template <typename Done>
  void Handshake(std::shared_ptr<boost::asio::ssl::context> context, Done done) {
    context_ = std::move(context);
    tls_.emplace(tcp_, *context_);
    encrypted_ = true;
    tls_->async_handshake(boost::asio::ssl::stream_base::server, std::move(done));
  }

  // After a handshake that failed: whatever follows is not encrypted.
  void GiveUpTls() { encrypted_ = false; }

  // Tells the client that nothing more comes, and waits until it has said the same or something
  // else. Then `done` is called with an error that means nothing.
  template <typename Done>
  void EndTls(Done done) {
    tls_->async_shutdown(std::move(done));
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (!encrypted_) return tcp_.async_read_some(buffers, std::forward<Handler>(handler));
    tls_->async_read_some(buffers, std::forward<Handler>(handler));
  }

  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    tcp_.expires_after(patience_);
    if (!encrypted_) return tcp_.async_write_some(buffers, std::forward<Handler>(handler));
    tls_->async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  boost::beast::tcp_stream tcp_;
  const std::chrono::milliseconds patience_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream&>> tls_;
  bool encrypted_ = false;
};

}  // namespace ropewalk
