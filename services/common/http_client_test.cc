#include "services/common/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/http_server.h"
#include "services/common/sha256.h"
#include "tests/testing/reserved_address.h"
#include "tests/testing/tcp_fault_proxy.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kFileBytes = (9 << 20) + 5;

HttpResponse Redirect(const std::string& to) {
  HttpResponse response = TextResponse(302, "elsewhere");
  response.headers["Location"] = to;
  return response;
}

// Says what it was asked, with 200 or the status that the path names; "/file" is a file, "/moved"
// leads to "/there" and "/loop" to itself.
class EchoHandler final : public HttpHandler {
 public:
  explicit EchoHandler(FileStretch stretch) : stretch_(std::move(stretch)) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    if (request.path == "/moved") return AnswerAtOnce(Redirect("/there"));
    if (request.path == "/loop") return AnswerAtOnce(Redirect("/loop"));
    if (request.path == "/file") {
      HttpResponse response;
      response.body = stretch_;
      return AnswerAtOnce(std::move(response));
    }
    return AnswerToBody(1 << 26, [request](const std::string& body) {
      const int status = request.path == "/404" ? 404 : 200;
      HttpResponse response = TextResponse(
          status, absl::StrCat(request.method, "|", request.path, "|", request.query, "|",
                               request.header("x-test"), "|", request.header("content-length"), "|",
                               body.size() < 100 ? body : Sha256Hex(body)));
      response.headers["X-Answer"] = "  spaced ";
      return response;
    });
  }

 private:
  const FileStretch stretch_;
};

std::string Pattern(int64_t bytes) {
  std::string pattern(bytes, '\0');
  for (size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<char>(i * 7 + i / 251);
  return pattern;
}

class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomically(folder_.path("file"), file_).ok());
    handler_ = std::make_unique<EchoHandler>(
        FileStretch{*InputFile::Open(folder_.path("file")), 0, kFileBytes});
    HttpServerOptions options;
    options.address = "127.0.0.1:0";
    options.threads = 4;
    auto server = HttpServer::Start(options, handler_.get());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    auto proxy = TcpFaultProxy::Start(server_->port());
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
  }

  // To the server, through a network that the test can break.
  HttpCall Call(const std::string& path, const std::string& method = "GET",
                const std::string& body = "") {
    HttpCall call;
    call.method = method;
    call.url = absl::StrCat("http://127.0.0.1:", proxy_->port(), path);
    call.body = body;
    return call;
  }

  std::string Ask(const HttpCall& call) {
    const auto reply = client_.Send(call);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->body : "";
  }

  const TemporaryFolder folder_;
  const std::string file_ = Pattern(kFileBytes);
  std::unique_ptr<EchoHandler> handler_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<TcpFaultProxy> proxy_;
  HttpClient client_;
};

TEST_F(HttpClientTest, SendsAllOfARequest) {
  HttpCall call = Call("/a%20b?c=d&e", "PUT", "hi");
  call.headers = {{"X-Test", "one two"}};
  EXPECT_EQ(Ask(call), "PUT|/a%20b|c=d&e|one two|2|hi");
  EXPECT_EQ(Ask(Call("/x")), "GET|/x||||");
  EXPECT_EQ(Ask(Call("/x", "DELETE")), "DELETE|/x||||");
  EXPECT_EQ(Ask(Call("/x", "POST")), "POST|/x|||0|");
}

TEST_F(HttpClientTest, ReadsAllOfAnAnswer) {
  const auto reply = client_.Send(Call("/404"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->header("x-answer"), "spaced");
  EXPECT_EQ(reply->header("x-other"), "");
  EXPECT_EQ(reply->body, "GET|/404||||");
}

TEST_F(HttpClientTest, ReadsNoBodyAfterHead) {
  const auto reply = client_.Send(Call("/file", "HEAD"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("content-length"), absl::StrCat(kFileBytes));
  EXPECT_EQ(reply->body, "");
}

TEST_F(HttpClientTest, SendsALongBody) {
  EXPECT_EQ(Ask(Call("/x", "PUT", file_)),
            absl::StrCat("PUT|/x|||", kFileBytes, "|", Sha256Hex(file_)));
}

TEST_F(HttpClientTest, SendsABodyPieceByPiece) {
  for (const int64_t announced : {kFileBytes, int64_t{-1}}) {
    HttpCall call = Call("/x", "PUT");
    size_t taken = 0;
    call.body_bytes = announced;
    call.next_piece = [&] {
      const std::string piece = file_.substr(taken, 300'000);
      taken += piece.size();
      return piece;
    };
    EXPECT_EQ(Ask(call), absl::StrCat("PUT|/x|||", announced < 0 ? "" : absl::StrCat(announced),
                                      "|", Sha256Hex(file_)));
  }
}

TEST_F(HttpClientTest, EndsWithTheErrorOfABody) {
  HttpCall call = Call("/x", "PUT");
  call.body_bytes = 10;
  call.next_piece = []() -> absl::StatusOr<std::string> {
    return absl::DataLossError("the disk broke");
  };
  EXPECT_EQ(client_.Send(call).status(), absl::DataLossError("the disk broke"));
  int pieces = 0;
  call.next_piece = [&] { return std::string(++pieces == 1 ? "short" : ""); };
  const absl::Status status = client_.Send(call).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("5 bytes, not the 10"));
}

TEST_F(HttpClientTest, StreamsALongAnswer) {
  auto download = client_.Open(Call("/file"));
  ASSERT_TRUE(download.ok()) << download.status();
  EXPECT_EQ((*download)->head().status, 200);
  std::string bytes;
  for (int64_t left = kFileBytes; left > 0;) {
    const auto piece = (*download)->Next();
    ASSERT_TRUE(piece.ok()) << piece.status();
    ASSERT_FALSE(piece->empty());
    ASSERT_LE(piece->size(), 1 << 20);
    bytes += *piece;
    left -= static_cast<int64_t>(piece->size());
  }
  EXPECT_EQ(*(*download)->Next(), "");
  EXPECT_EQ(*(*download)->Next(), "");
  EXPECT_TRUE(bytes == file_);  // Too long to print.
}

TEST_F(HttpClientTest, RefusesAnAnswerThatIsTooLong) {
  EXPECT_TRUE(absl::IsResourceExhausted(client_.Send(Call("/file"), 1000).status()));
}

TEST_F(HttpClientTest, UsesConnectionsAgain) {
  for (int i = 0; i < 3; ++i) Ask(Call("/x", "POST", "hi"));
  {
    auto download = client_.Open(Call("/file"));
    ASSERT_TRUE(download.ok()) << download.status();
    while (!(*download)->Next()->empty()) continue;
  }
  Ask(Call("/x"));
  EXPECT_EQ(proxy_->connections_accepted(), 1);
}

TEST_F(HttpClientTest, TakesANewConnectionWhereTheKeptOneIsClosed) {
  Ask(Call("/x"));
  proxy_->Cut();
  EXPECT_EQ(Ask(Call("/x", "POST", "hi")), "POST|/x|||2|hi");
}

TEST_F(HttpClientTest, GoesOnAfterADownloadThatIsLeft) {
  {
    auto download = client_.Open(Call("/file"));
    ASSERT_TRUE(download.ok()) << download.status();
    EXPECT_THAT(*(*download)->Next(), Not(SizeIs(0)));
  }
  EXPECT_EQ(Ask(Call("/x")), "GET|/x||||");
}

TEST_F(HttpClientTest, FollowsRedirectsOnlyWhenTold) {
  const auto reply = client_.Send(Call("/moved"));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(reply->header("location"), "/there");
  HttpCall call = Call("/moved");
  call.max_redirects = 1;
  EXPECT_EQ(Ask(call), "GET|/there||||");
  call = Call("/loop");
  call.max_redirects = 3;
  EXPECT_TRUE(absl::IsFailedPrecondition(client_.Send(call).status()));
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
  const ReservedAddress nobody;
  HttpCall call;
  call.url = absl::StrCat("http://user:password@", nobody.text(), "/path?token=secret");
  const absl::Status status = client_.Send(call).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("http://", nobody.text(), "/path: ")));
  EXPECT_THAT(status.message(), Not(HasSubstr("secret")));
  EXPECT_THAT(status.message(), Not(HasSubstr("password")));
}

TEST_F(HttpClientTest, GivesUpOnAServerThatStalls) {
  proxy_->Stall(true);
  HttpCall call = Call("/x");
  call.deadlines.stall = absl::Milliseconds(100);
  const absl::Status status = client_.Send(call).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("came or went in 100ms"));
  proxy_->Stall(false);
  EXPECT_EQ(Ask(Call("/x")), "GET|/x||||");
}

TEST_F(HttpClientTest, GivesUpOnAnAnswerThatStalls) {
  auto call = Call("/file");
  call.deadlines.stall = absl::Milliseconds(100);
  auto download = client_.Open(call);
  ASSERT_TRUE(download.ok()) << download.status();
  proxy_->Stall(true);
  absl::StatusOr<std::string> piece;
  do {
    piece = (*download)->Next();
  } while (piece.ok() && !piece->empty());
  EXPECT_TRUE(absl::IsDeadlineExceeded(piece.status())) << piece.status();
  EXPECT_EQ((*download)->Next().status(), piece.status());
}

TEST_F(HttpClientTest, GivesUpOnAServerThatIsTooSlowInAll) {
  proxy_->Throttle(50'000);
  HttpCall call = Call("/file");
  call.deadlines.total = absl::Milliseconds(200);
  const absl::Status status = client_.Send(call).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("longer than 200ms"));
}

// A queue that is full takes no more connections, and does not say so.
TEST_F(HttpClientTest, GivesUpWhereItCannotConnectInTime) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 0), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(first, reinterpret_cast<sockaddr*>(&address), size), 0);
  HttpCall call;
  call.url = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port), "/");
  call.deadlines.connect = absl::Milliseconds(100);
  const absl::Status status = client_.Send(call).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), Not(HasSubstr("came or went"))) << "the other deadline";
  close(first);
  close(listener);
}

TEST_F(HttpClientTest, NoticesABrokenAnswer) {
  proxy_->CutAfterServerBytes(3 << 20);
  const absl::Status status = client_.Send(Call("/file")).status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(HttpClientTest, RefusesMalformedCalls) {
  for (const char* const url : {"", "nonsense", "ftp://host/x", "http://", "http://a b/",
                                "http://127.0.0.1:99999999/", "http://host/\n"}) {
    HttpCall call;
    call.url = url;
    EXPECT_TRUE(absl::IsInvalidArgument(client_.Send(call).status())) << url;
  }
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"X-A", "b\r\nX-C: d"}, {"X A", "b"}, {"", "b"}, {"X-A:", "b"}}) {
    HttpCall call = Call("/x");
    call.headers = {{name, value}};
    EXPECT_TRUE(absl::IsInvalidArgument(client_.Send(call).status())) << name;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(client_.Send(Call("/x", "GET /y")).status()));
}

TEST_F(HttpClientTest, ServesManyThreads) {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        const std::string path = absl::StrCat("/", i, "/", j);
        right += Ask(Call(path, "PUT", "hi")) == absl::StrCat("PUT|", path, "|||2|hi");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 160);
  EXPECT_LE(proxy_->connections_accepted(), 8);
}

}  // namespace
}  // namespace ropewalk
