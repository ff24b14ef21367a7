#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/http_client.h"
#include "services/common/http_server.h"
#include "services/common/http_tls_identity.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/self_signed.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// More than sockets take at once.
constexpr int64_t kFileBytes = 20 << 20;
constexpr int64_t kRangeBegin = 1'000'001;
constexpr int64_t kRangeBytes = 300'000;

std::string Bytes(int64_t count) {
  std::string bytes(count, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

// "/file" is one, "/range" a part of it, "/refuse" reads no body, "/scheme" says what addresses
// begin with; everything else says what came.
class TestHandler final : public HttpHandler {
 public:
  explicit TestHandler(std::shared_ptr<const InputFile> file) : file_(std::move(file)) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    if (request.path == "/refuse") return AnswerAtOnce(TextResponse(403, "no"));
    if (request.path == "/scheme") return AnswerAtOnce(TextResponse(200, request.scheme));
    if (request.path == "/file") return AnswerAtOnce(Stretch(200, 0, kFileBytes));
    if (request.path == "/range") return AnswerAtOnce(Stretch(206, kRangeBegin, kRangeBytes));
    return AnswerToBody(kFileBytes,
                        [](std::string body) { return TextResponse(200, "got " + body); });
  }

 private:
  HttpResponse Stretch(int status, int64_t offset, int64_t length) const {
    HttpResponse response;
    response.status = status;
    response.body = FileStretch{file_, offset, length};
    return response;
  }

  const std::shared_ptr<const InputFile> file_;
};

class HttpTlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("file", bytes_);
    Write("certificate.pem", identity_.Certificate());
    Write("key.pem", identity_.Key());
    file_ = InputFile::Open(folder_.path("file")).value_or(nullptr);
    ASSERT_NE(file_, nullptr);
    handler_.emplace(file_);
  }

  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_.path(name), bytes).ok());
  }

  HttpServerOptions Options() const {
    HttpServerOptions options;
    options.address = "127.0.0.1:0";
    options.threads = 2;
    options.certificate_file = folder_.path("certificate.pem");
    options.key_file = folder_.path("key.pem");
    return options;
  }

  void Start(const HttpServerOptions& options) {
    auto server = HttpServer::Start(options, &*handler_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // By libcurl, which trusts the certificate.
  absl::StatusOr<HttpReply> Send(HttpCall call, const std::string& path) {
    if (client_ == nullptr) {
      HttpClientOptions options;
      options.ca_file = folder_.path("certificate.pem");
      client_ = std::make_unique<HttpClient>(options);
    }
    call.url = absl::StrCat("https://127.0.0.1:", server_->port(), path);
    return client_->Send(call, 2 * kFileBytes);
  }

  std::string Body(HttpCall call, const std::string& path) {
    const auto reply = Send(std::move(call), path);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->body : "";
  }

  void Connect(tcp::socket* socket) {
    error_code error;
    socket->connect({asio::ip::address_v4::loopback(), static_cast<uint16_t>(server_->port())},
                    error);
    ASSERT_FALSE(error) << error.message();
  }

  // Sends the bytes without TLS and returns all that comes until the server closes.
  std::string AskPlainly(const std::string& bytes) {
    asio::io_context io;
    tcp::socket socket(io);
    Connect(&socket);
    error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
  }

  // The same with TLS. `end` says how that came about.
  std::string Ask(const std::string& bytes, error_code* end, int newest_tls = TLS1_3_VERSION) {
    asio::io_context io;
    asio::ssl::context context(asio::ssl::context::tls_client);
    SSL_CTX_set_max_proto_version(context.native_handle(), newest_tls);
    SSL_CTX_set_security_level(context.native_handle(), 0);  // Or old TLS would not be tried.
    asio::ssl::stream<tcp::socket> stream(io, context);
    Connect(&stream.next_layer());
    stream.handshake(asio::ssl::stream_base::client, *end);
    if (*end) return "";
    asio::write(stream, asio::buffer(bytes), *end);
    std::string answer;
    asio::read(stream, asio::dynamic_buffer(answer), *end);
    return answer;
  }

  const TemporaryFolder folder_;
  const SelfSigned identity_;
  const std::string bytes_ = Bytes(kFileBytes);
  std::shared_ptr<const InputFile> file_;
  std::optional<TestHandler> handler_;
  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(HttpTlsTest, AnswersTexts) {
  Start(Options());
  EXPECT_EQ(Body({}, "/"), "got ");
  EXPECT_EQ(Body({}, "/scheme"), "https");
  HttpCall call;
  call.method = "HEAD";
  const auto reply = Send(call, "/file");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->header("content-length"), absl::StrCat(kFileBytes));
}

TEST_F(HttpTlsTest, SendsFilesAndRanges) {
  Start(Options());
  EXPECT_TRUE(Body({}, "/file") == bytes_);  // Too long to print.
  EXPECT_TRUE(Body({}, "/range") == bytes_.substr(kRangeBegin, kRangeBytes));
  EXPECT_EQ(Body({}, "/"), "got ");
}

TEST_F(HttpTlsTest, TakesBodies) {
  Start(Options());
  HttpCall call;
  call.method = "PUT";
  call.body = bytes_;
  EXPECT_TRUE(Body(call, "/") == "got " + bytes_);
  int pieces = 20;
  HttpCall chunked;
  chunked.method = "PUT";
  chunked.next_piece = [&]() -> absl::StatusOr<std::string> {
    return pieces-- > 0 ? bytes_.substr(0, 100'000) : "";
  };
  EXPECT_EQ(Body(chunked, "/").size(), 4 + 20 * 100'000);
}

TEST_F(HttpTlsTest, SaysThatNothingMoreComes) {
  Start(Options());
  error_code end;
  const std::string answer = Ask("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", &end);
  EXPECT_THAT(answer, EndsWith("\r\n\r\ngot "));
  // Without an end of TLS itself it is another error.
  EXPECT_TRUE(end == asio::error::eof) << end.message();
}

TEST_F(HttpTlsTest, AnswersBeforeABodyHasCome) {
  Start(Options());
  error_code end;
  const std::string answer =
      Ask(absl::StrCat("POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n",
                       std::string(4'000'000, 'b')),
          &end);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 403"));
}

TEST_F(HttpTlsTest, TellsPlainHttpWhatToDo) {
  Start(Options());
  const std::string answer = AskPlainly("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(answer, HasSubstr("https://"));
  EXPECT_THAT(AskPlainly(std::string(100'000, 'x')), Not(HasSubstr("HTTP")));
  EXPECT_EQ(Body({}, "/"), "got ");
}

TEST_F(HttpTlsTest, ClosesWhenNobodyShakesHands) {
  HttpServerOptions options = Options();
  options.patience = absl::Milliseconds(100);
  Start(options);
  EXPECT_EQ(AskPlainly(""), "");
  EXPECT_EQ(AskPlainly("\x16\x03\x01"), "");  // A handshake that breaks off.
}

TEST_F(HttpTlsTest, SpeaksNoTlsOlderThan1_2) {
  Start(Options());
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  error_code end;
  EXPECT_THAT(Ask(request, &end, TLS1_2_VERSION), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(Ask(request, &end, TLS1_1_VERSION), "");
  EXPECT_TRUE(end);
}

TEST_F(HttpTlsTest, SaysWhatIsWrongWithItsFiles) {
  const SelfSigned other;
  const SelfSigned of_another_kind(EVP_RSA_gen(2048));
  Write("other_key.pem", other.Key());
  Write("rsa_key.pem", of_another_kind.Key());
  Write("locked_key.pem", identity_.KeyWithPassword("secret"));
  const struct {
    const char* certificate;
    const char* key;
    const char* message;
  } kCases[] = {{"certificate.pem", "", "--http-key is missing"},
                {"", "key.pem", "--http-certificate is missing"},
                {"none.pem", "key.pem", "--http-certificate: cannot open"},
                {"certificate.pem", "none.pem", "--http-key: cannot open"},
                {"key.pem", "key.pem", "is no certificate in PEM"},
                {"certificate.pem", "certificate.pem", "is no private key in PEM"},
                {"certificate.pem", "locked_key.pem", "without a password"},
                {"certificate.pem", "other_key.pem", "does not belong to the certificate"},
                {"certificate.pem", "rsa_key.pem", "does not belong to the certificate"}};
  for (const auto& c : kCases) {
    HttpServerOptions options = Options();
    options.certificate_file = *c.certificate == '\0' ? "" : folder_.path(c.certificate);
    options.key_file = *c.key == '\0' ? "" : folder_.path(c.key);
    const absl::Status status = HttpServer::Start(options, &*handler_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.message << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

// As a file's time may be counted in steps, it is moved by hand.
void Replace(const std::string& path, const std::string& bytes) {
  const auto before = std::filesystem::last_write_time(path);
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  std::filesystem::last_write_time(path, before + std::chrono::seconds(1));
}

TEST_F(HttpTlsTest, ReadsItsFilesAgainWhenTheyChange) {
  FakeClock clock;
  const HttpTlsFiles files = {folder_.path("certificate.pem"), folder_.path("key.pem")};
  const auto tls = HttpTlsIdentity::Open(files, &clock);
  ASSERT_TRUE(tls.ok()) << tls.status();
  const auto first = (*tls)->Context();
  clock.Advance(absl::Hours(1));
  EXPECT_EQ((*tls)->Context(), first) << "the files are as they were";

  const SelfSigned other;
  Replace(files.certificate, other.Certificate());
  clock.Advance(absl::Minutes(1));
  EXPECT_EQ((*tls)->Context(), first) << "the key is the old one";
  Replace(files.key, other.Key());
  EXPECT_EQ((*tls)->Context(), first) << "it was looked at just now";
  clock.Advance(absl::Minutes(1));
  const auto second = (*tls)->Context();
  EXPECT_NE(second, first);

  ASSERT_TRUE(RemoveAll(files.key).ok());
  clock.Advance(absl::Minutes(1));
  EXPECT_EQ((*tls)->Context(), second) << "the key is gone";
}

}  // namespace
}  // namespace ropewalk
