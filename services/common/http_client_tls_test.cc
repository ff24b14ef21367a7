#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/http_client.h"
#include "tests/testing/self_signed.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Answers one request on one connection.
class TlsServer {
 public:
  explicit TlsServer(const SelfSigned& identity) {
    context_.use_certificate_chain(asio::buffer(identity.Certificate()));
    context_.use_private_key(asio::buffer(identity.Key()), asio::ssl::context::pem);
    thread_ = std::thread([this] { Answer(); });
  }
  ~TlsServer() { thread_.join(); }

  std::string url() const {
    return absl::StrCat("https://127.0.0.1:", acceptor_.local_endpoint().port(), "/");
  }

 private:
  void Answer() {
    boost::system::error_code error;
    asio::ssl::stream<tcp::socket> stream(io_, context_);
    acceptor_.accept(stream.next_layer(), error);
    if (!error) stream.handshake(asio::ssl::stream_base::server, error);
    asio::streambuf request;
    if (!error) asio::read_until(stream, request, "\r\n\r\n", error);
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    if (!error) asio::write(stream, asio::buffer(answer), error);
    stream.shutdown(error);
  }

  asio::io_context io_;
  asio::ssl::context context_{asio::ssl::context::tls_server};
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

TEST(HttpClientTls, TrustsOnlyTheAuthoritiesThatItIsGiven) {
  const SelfSigned identity;
  const TemporaryFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder.path("ca.pem"), identity.Certificate()).ok());
  {
    const TlsServer server(identity);
    HttpCall call;
    call.url = server.url();
    const absl::Status status = HttpClient().Send(call).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_THAT(status.message(), ::testing::HasSubstr("certificate"));
  }
  const TlsServer server(identity);
  HttpClientOptions options;
  options.ca_file = folder.path("ca.pem");
  HttpCall call;
  call.url = server.url();
  HttpClient client(options);
  const auto reply = client.Send(call);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->body, "secret");
}

}  // namespace
}  // namespace ropewalk
