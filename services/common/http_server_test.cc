#include "services/common/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Says what it was asked.
class EchoHandler final : public HttpHandler {
 public:
  HttpResponse Handle(const HttpRequest& request) override {
    HttpResponse response;
    response.body = absl::StrCat(request.method, "|", request.path, "|", request.query, "|",
                                 request.headers.count("x-test"), "|", request.body);
    return response;
  }
};

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = HttpServer::Start("127.0.0.1:0", &handler_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Sends the bytes and returns all that comes until the server closes.
  std::string Ask(const std::string& bytes) {
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket socket(io);
    boost::system::error_code error;
    socket.connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(server_->port())}, error);
    if (!error) boost::asio::write(socket, boost::asio::buffer(bytes), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  EchoHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandsOverTheWholeRequest) {
  const std::string answer = Ask(
      "POST /a/b?c=d HTTP/1.1\r\nConnection: close\r\nX-Test: 1\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nPOST|/a/b|c=d|1|hi"));
}

TEST_F(HttpServerTest, AnswersSeveralRequestsOnAConnection) {
  const std::string answer =
      Ask("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("GET|/1|"));
  EXPECT_THAT(answer, HasSubstr("GET|/2|"));
}

TEST_F(HttpServerTest, LeavesTheBodyOutForHead) {
  const std::string answer = Ask("HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesTooLongHeadersAndBodies) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, ClosesOnNonsense) { EXPECT_EQ(Ask("nonsense\r\n\r\n"), ""); }

TEST_F(HttpServerTest, SaysWhenItsAddressIsTaken) {
  const auto second = HttpServer::Start(absl::StrCat("127.0.0.1:", server_->port()), &handler_);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_TRUE(absl::IsInvalidArgument(HttpServer::Start("nowhere", &handler_).status()));
}

}  // namespace
}  // namespace ropewalk
