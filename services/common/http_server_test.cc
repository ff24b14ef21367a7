#include "services/common/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::boost::asio::ip::tcp;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Says how long the first piece of a body and the longest were.
class PieceSizes final : public HttpExchange {
 public:
  std::optional<HttpResponse> Append(absl::string_view piece) override {
    if (first_ == 0) first_ = piece.size();
    longest_ = std::max(longest_, piece.size());
    return std::nullopt;
  }
  HttpResponse Finish() override {
    return TextResponse(200, absl::StrCat("first ", first_, ", longest ", longest_));
  }

 private:
  size_t first_ = 0;
  size_t longest_ = 0;
};

// Says what it was asked; "/file" is a file, "/refuse" reads no body, "/pieces" says how one came,
// and "/scheme" what addresses begin with.
class EchoHandler final : public HttpHandler {
 public:
  explicit EchoHandler(FileStretch stretch) : stretch_(std::move(stretch)) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    if (request.path == "/refuse") return AnswerAtOnce(TextResponse(403, "no"));
    if (request.path == "/pieces") return std::make_unique<PieceSizes>();
    if (request.path == "/scheme") return AnswerAtOnce(TextResponse(200, request.scheme));
    if (request.path == "/file") {
      HttpResponse response;
      response.body = stretch_;
      return AnswerAtOnce(std::move(response));
    }
    return AnswerToBody(1 << 20, [request](std::string body) {
      return TextResponse(200, absl::StrCat(request.method, "|", request.path, "|", request.query,
                                            "|", request.headers.count("x-test"), "|", body));
    });
  }

 private:
  const FileStretch stretch_;
};

// More than sockets take at once.
constexpr int64_t kFileBytes = 32 << 20;

FileStretch WriteFile(const std::string& path) {
  std::string bytes(kFileBytes, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  EXPECT_TRUE(WriteFileAtomically(path, bytes).ok());
  return {InputFile::Open(path).value_or(nullptr), 1, kFileBytes - 1};
}

HttpServerOptions Options(const std::string& address) {
  HttpServerOptions options;
  options.address = address;
  options.threads = 2;
  return options;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(Options("127.0.0.1:0")); }

  void Start(const HttpServerOptions& options) {
    auto server = HttpServer::Start(options, &handler_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // As before, but with clients that get no time.
  void StartWithoutPatience() {
    HttpServerOptions options = Options("127.0.0.1:0");
    options.patience = absl::Milliseconds(100);
    Start(options);
  }

  void Connect(tcp::socket* socket) {
    boost::system::error_code error;
    socket->connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(server_->port())}, error);
    ASSERT_FALSE(error) << error.message();
  }

  // Sends the bytes and returns all that comes until the server closes.
  std::string Ask(const std::string& bytes) {
    boost::asio::io_context io;
    tcp::socket socket(io);
    Connect(&socket);
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  const TemporaryFolder folder_;
  const FileStretch file_ = WriteFile(folder_.path("file"));
  EchoHandler handler_{file_};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandsOverTheWholeRequest) {
  const std::string answer =
      Ask("POST /a/b?c=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Test: 1\r\nContent-Length: "
          "2\r\n\r\nhi");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nPOST|/a/b|c=d|1|hi"));
}

TEST_F(HttpServerTest, AnswersSeveralRequestsOnAConnection) {
  const std::string answer = Ask(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("GET|/1|"));
  EXPECT_THAT(answer, HasSubstr("GET|/2|"));
}

TEST_F(HttpServerTest, LeavesTheBodyOutForHead) {
  const std::string answer = Ask("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesTooLongHeadersAndBodies) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, RefusesWhatItCannotParse) {
  for (const char* const request :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"}) {
    EXPECT_THAT(Ask(request), StartsWith("HTTP/1.1 400")) << request;
  }
}

// Without a length, so that a server which lets them pass sees no body.
TEST_F(HttpServerTest, RefusesEncodingsThatAreNotChunked) {
  for (const char* const encoding :
       {"xchunked", "gzip", "identity", "gzip, chunked", "chunked, chunked", "chunked, identity",
        "chunked\r\nTransfer-Encoding: identity", "identity\r\nTransfer-Encoding: chunked"}) {
    const std::string answer =
        Ask(absl::StrCat("POST /first HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ", encoding,
                         "\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << encoding;
    EXPECT_THAT(answer, Not(HasSubstr("|"))) << encoding;
  }
  EXPECT_THAT(Ask("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, RefusesLengthsThatCannotBeCounted) {
  for (const char* const length : {"9223372036854775808", "18446744073709551615"}) {
    EXPECT_THAT(
        Ask(absl::StrCat("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ", length, "\r\n\r\n")),
        StartsWith("HTTP/1.1 413"))
        << length;
  }
}

TEST_F(HttpServerTest, WantsOneHost) {
  const std::string end = "Connection: close\r\n\r\n";
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\n" + end), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n" + end), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n" + end), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET / HTTP/1.0\r\n" + end), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, BoundsWhatIsBetweenChunks) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string much(1 << 20, 'a');
  for (const std::string& body :
       {absl::StrCat("2;", much, "\r\nab\r\n0\r\n\r\n"),
        absl::StrCat("2\r\nab\r\n0;", much, "\r\n\r\n"),
        absl::StrCat("2\r\nab\r\n0\r\nX: ", much, "\r\n\r\n"), absl::StrCat(much, "\r\n")}) {
    const std::string answer = Ask(head + body);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 431")) << body.substr(0, 20);
    EXPECT_THAT(answer, Not(HasSubstr("|"))) << body.substr(0, 20);
  }
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                  "Connection: close\r\n\r\n2;a=b\r\nab\r\n0\r\nX: c\r\n\r\n"),
              EndsWith("|ab"));
}

TEST_F(HttpServerTest, SaysItsErrorsInJson) {
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n"),
              EndsWith("\r\n\r\n{\"error\":\"the body is longer than 1048576 bytes\"}"));
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\n\r\n"),
              EndsWith("\r\n\r\n{\"error\":\"there must be one Host\"}"));
}

// What a proxy before this server may take for another number of requests than the server does.
TEST_F(HttpServerTest, RefusesBodiesOfTwoLengths) {
  for (const char* const headers :
       {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 5\r\n", "Content-Length: 4, 5\r\n",
        "Content-Length: -4\r\n", "Content-Length : 4\r\n",
        "Transfer-Encoding: identity, xchunked\r\nContent-Length: 4\r\n"}) {
    const std::string answer = Ask(
        absl::StrCat("POST /first HTTP/1.1\r\nHost: x\r\n", headers,
                     "\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << headers;
    EXPECT_THAT(answer, Not(HasSubstr("/second|"))) << headers;
  }
}

TEST_F(HttpServerTest, TakesABodyInChunks) {
  EXPECT_THAT(
      Ask("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
          "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"),
      EndsWith("|abcde"));
}

TEST_F(HttpServerTest, TakesALongBodyPieceByPiece) {
  const std::string body(700'000, 'b');
  const std::string answer = Ask(absl::StrCat(
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ", body.size(),
      "\r\n\r\n", body));
  EXPECT_TRUE(absl::EndsWith(answer, absl::StrCat("|0|", body)));  // Too long to print.
}

// Of bodies that do not come there may be many, and each has room for its first piece.
TEST_F(HttpServerTest, ReadsInLargePiecesWhatComesFast) {
  const std::string answer =
      Ask(absl::StrCat("POST /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                       "Content-Length: 8000000\r\n\r\n",
                       std::string(8'000'000, 'b')));
  ASSERT_THAT(answer, HasSubstr("first "));
  size_t first = 0;
  size_t longest = 0;
  ASSERT_EQ(
      sscanf(answer.c_str() + answer.find("first"), "first %zu, longest %zu", &first, &longest), 2)
      << answer;
  EXPECT_LE(first, 16u << 10);
  EXPECT_GE(longest, 32u << 10);
}

TEST_F(HttpServerTest, KnowsWhetherAProxyIsAskedByTls) {
  const auto scheme = [this](const char* field) {
    return Ask(
        absl::StrCat("GET /scheme HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", field, "\r\n"));
  };
  EXPECT_THAT(scheme(""), EndsWith("\r\n\r\nhttp"));
  EXPECT_THAT(scheme("X-Forwarded-Proto: http\r\n"), EndsWith("\r\n\r\nhttp"));
  EXPECT_THAT(scheme("X-Forwarded-Proto: https\r\n"), EndsWith("\r\n\r\nhttps"));
  EXPECT_THAT(scheme("X-Forwarded-Proto: HTTPS, http\r\n"), EndsWith("\r\n\r\nhttps"));
}

TEST_F(HttpServerTest, ClosesWhenNothingComes) {
  StartWithoutPatience();
  for (const char* const beginning :
       {"", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"}) {
    EXPECT_EQ(Ask(beginning), "");
  }
}

// A client that goes on sending a little is listened to for a while, not as long as it likes.
TEST_F(HttpServerTest, IsRidOfAClientThatDrips) {
  StartWithoutPatience();
  boost::asio::io_context io;
  tcp::socket socket(io);
  Connect(&socket);
  boost::system::error_code error;
  boost::asio::write(socket,
                     boost::asio::buffer(std::string(
                         "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")),
                     error);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!error && std::chrono::steady_clock::now() < end) {
    boost::asio::write(socket, boost::asio::buffer("a", 1), error);
    pollfd closed = {socket.native_handle(), 0, 0};  // POLLERR and POLLHUP are always told.
    poll(&closed, 1, /*milliseconds=*/10);
  }
  EXPECT_TRUE(error);
}

TEST_F(HttpServerTest, TellsAClientThatWaitsToGoOn) {
  EXPECT_THAT(Ask("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                  "Connection: close\r\n\r\nhi"),
              StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(HttpServerTest, AnswersBeforeABodyHasCome) {
  EXPECT_THAT(
      Ask(absl::StrCat("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n",
                       std::string(4'000'000, 'b'))),
      StartsWith("HTTP/1.1 403"));
}

TEST_F(HttpServerTest, SendsAFile) {
  const std::string answer = Ask("GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr(absl::StrCat("Content-Length: ", kFileBytes - 1, "\r\n")));
  const auto bytes = file_.file->Read(file_.offset, file_.length);
  EXPECT_TRUE(answer.substr(answer.find("\r\n\r\n") + 4) == *bytes);  // Too long to print.
  EXPECT_THAT(Ask("HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, SaysWhenItsAddressIsTaken) {
  const auto second =
      HttpServer::Start(Options(absl::StrCat("127.0.0.1:", server_->port())), &handler_);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  EXPECT_TRUE(absl::IsInvalidArgument(HttpServer::Start(Options("nowhere"), &handler_).status()));
}

TEST_F(HttpServerTest, GoesOnWhenAClientLeavesInTheMiddleOfAFile) {
  for (int i = 0; i < 10; ++i) {
    boost::asio::io_context io;
    tcp::socket socket(io);
    Connect(&socket);
    boost::system::error_code error;
    boost::asio::write(
        socket, boost::asio::buffer(std::string("GET /file HTTP/1.1\r\nHost: x\r\n\r\n")), error);
    std::string beginning(1000, '\0');
    boost::asio::read(socket, boost::asio::buffer(beginning), error);
    EXPECT_FALSE(error) << error.message();
  }
  EXPECT_THAT(Ask("GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), HasSubstr("GET|/1|"));
}

}  // namespace
}  // namespace ropewalk
