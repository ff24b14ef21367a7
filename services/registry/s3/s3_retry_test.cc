#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/http_server.h"
#include "services/common/mutex.h"
#include "services/common/sha256.h"
#include "services/registry/s3/s3_blob_store.h"
#include "services/registry/s3/s3_client.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

// A store that answers as a test says: each kind of request with the next of its answers, or with
// the last one for ever. Kinds are "METHOD", or "METHOD parameter" for a query with that parameter.
class ScriptedStore final : public HttpHandler {
 public:
  void Answer(const std::string& kind, HttpResponse response) {
    MutexLock lock(&mutex_);
    answers_[kind].push_back(std::move(response));
  }

  int requests(const std::string& kind) const {
    MutexLock lock(&mutex_);
    const auto found = requests_.find(kind);
    return found == requests_.end() ? 0 : found->second;
  }

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    return AnswerToBody(64 << 20, [this, request](const std::string&) { return Next(request); });
  }

 private:
  HttpResponse Next(const HttpRequest& request) {
    MutexLock lock(&mutex_);
    std::string kind = request.method;
    for (const auto& [known, answers] : answers_) {
      const size_t space = known.find(' ');
      if (space == std::string::npos || known.substr(0, space) != request.method) continue;
      if (absl::StrContains(request.query, known.substr(space + 1))) kind = known;
    }
    ++requests_[kind];
    std::deque<HttpResponse>& answers = answers_[kind];
    if (answers.empty()) return TextResponse(501, "not in the script");
    HttpResponse response = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return response;
  }

  mutable Mutex mutex_;
  std::map<std::string, std::deque<HttpResponse>> answers_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> requests_ ABSL_GUARDED_BY(mutex_);
};

HttpResponse Error(int status, const std::string& code) {
  return TextResponse(status,
                      absl::StrCat("<Error><Code>", code, "</Code><Message>m</Message></Error>"));
}

HttpResponse Tagged() {
  HttpResponse response = TextResponse(200, "");
  response.headers["ETag"] = "\"tag\"";
  return response;
}

HttpResponse Modified(absl::Time time, const std::string& bytes) {
  HttpResponse response = TextResponse(200, bytes);
  response.headers["Last-Modified"] =
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", time, absl::UTCTimeZone());
  return response;
}

class S3RetryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions server_options;
    server_options.address = "127.0.0.1:0";
    auto server = HttpServer::Start(server_options, &script_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    options_.bucket = "bucket";
    options_.endpoint = absl::StrCat("http://127.0.0.1:", server_->port());
    options_.region = "us-east-1";
    options_.path_style = true;
    options_.credentials = {"key", "secret", ""};
    options_.spool_folder = folder_.path();
    options_.patience.attempts = 3;
    options_.patience.first_pause = absl::Milliseconds(1);
    options_.patience.last_pause = absl::Milliseconds(2);
    client_ = std::make_unique<S3Client>(options_, Clock::Real());
  }

  absl::Status Put() { return client_->Put("a", "b", Sha256Hex("b")); }

  // An upload of two parts, finished.
  absl::Status Upload() {
    script_.Answer("GET", TextResponse(200, "<ListBucketResult></ListBucketResult>"));
    script_.Answer("PUT", Tagged());
    script_.Answer("POST uploads=",
                   TextResponse(200,
                                "<InitiateMultipartUploadResult><UploadId>id</UploadId>"
                                "</InitiateMultipartUploadResult>"));
    script_.Answer("DELETE uploadId=", TextResponse(204, ""));
    const auto store = S3BlobStore::Open(options_);
    if (!store.ok()) return store.status();
    const std::string bytes((16 << 20) + 1, 'x');
    const auto upload = (*store)->BeginUpload(Sha256Hex(bytes), bytes.size(), 0);
    const absl::Status status = (*upload)->Append(bytes);
    return status.ok() ? (*upload)->Finish() : status;
  }

  const TemporaryFolder folder_;
  ScriptedStore script_;
  std::unique_ptr<HttpServer> server_;
  S3Options options_;
  std::unique_ptr<S3Client> client_;
};

TEST_F(S3RetryTest, TriesAgainWhileTheStoreIsBusy) {
  script_.Answer("PUT", Error(503, "SlowDown"));
  script_.Answer("PUT", Error(500, "InternalError"));
  script_.Answer("PUT", TextResponse(200, ""));
  EXPECT_TRUE(Put().ok());
  EXPECT_EQ(script_.requests("PUT"), 3);
}

TEST_F(S3RetryTest, GivesUpAfterSoManyAttempts) {
  script_.Answer("PUT", Error(503, "SlowDown"));
  const absl::Status status = Put();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("SlowDown"));
  EXPECT_THAT(status.message(), HasSubstr("tried 3 times"));
  EXPECT_EQ(script_.requests("PUT"), 3);
}

TEST_F(S3RetryTest, BeginsNoAttemptThatIsTooLate) {
  script_.Answer("PUT", Error(503, "SlowDown"));
  options_.patience.give_up_after = absl::ZeroDuration();
  EXPECT_TRUE(absl::IsUnavailable(S3Client(options_, Clock::Real()).Put("a", "b", Sha256Hex("b"))));
  EXPECT_EQ(script_.requests("PUT"), 1);
}

TEST_F(S3RetryTest, DoesNotRepeatWhatWillNotPass) {
  script_.Answer("PUT", Error(403, "AccessDenied"));
  EXPECT_TRUE(absl::IsPermissionDenied(Put()));
  EXPECT_EQ(script_.requests("PUT"), 1);
}

TEST_F(S3RetryTest, TriesToReadAgain) {
  script_.Answer("GET", Error(503, "SlowDown"));
  HttpResponse part = TextResponse(206, "b");
  script_.Answer("GET", part);
  const auto download = client_->Get("a", 0, 1);
  ASSERT_TRUE(download.ok()) << download.status();
  EXPECT_EQ(*(*download)->Next(), "b");
}

TEST_F(S3RetryTest, RefusesAStoreThatGivesNoRanges) {
  script_.Answer("GET", TextResponse(200, "all of it"));
  EXPECT_TRUE(absl::IsUnimplemented(client_->Get("a", 1, 2).status()));
}

TEST_F(S3RetryTest, CompletesAgainWhereTheAnswerTurnedOutToBeAnError) {
  script_.Answer("POST uploadId=", Error(200, "InternalError"));
  script_.Answer("POST uploadId=", TextResponse(200, "<CompleteMultipartUploadResult/>"));
  const absl::Status status = Upload();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(script_.requests("POST uploadId="), 2);
  EXPECT_EQ(script_.requests("DELETE uploadId="), 0);
}

// The first attempt did it; its answer was lost.
TEST_F(S3RetryTest, FindsThatAnUploadIsCompleteAlready) {
  script_.Answer("POST uploadId=", Error(503, "SlowDown"));
  script_.Answer("POST uploadId=", Error(404, "NoSuchUpload"));
  script_.Answer("HEAD", Modified(absl::Now(), std::string((16 << 20) + 1, 'x')));
  const absl::Status status = Upload();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(S3RetryTest, SaysThatAnUploadIsGone) {
  script_.Answer("POST uploadId=", Error(404, "NoSuchUpload"));
  script_.Answer("HEAD", TextResponse(404, ""));
  const absl::Status status = Upload();
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("send it again"));
}

TEST_F(S3RetryTest, KeepsAnOldBlobThatWasTouched) {
  script_.Answer("GET", TextResponse(200, "<ListBucketResult></ListBucketResult>"));
  script_.Answer("DELETE", TextResponse(204, ""));
  const absl::Time now = absl::Now();
  // Asked twice: of the blob, then of when it was touched.
  for (const int hours : {48, 1, 48, 26}) {
    script_.Answer("HEAD", Modified(now - absl::Hours(hours), "abc"));
  }
  const auto store = S3BlobStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_FALSE(*(*store)->DeleteBlobIfOlder(Sha256Hex("abc"), now - absl::Hours(24)));
  EXPECT_EQ(script_.requests("DELETE"), 0);
  EXPECT_TRUE(*(*store)->DeleteBlobIfOlder(Sha256Hex("abc"), now - absl::Hours(24)));
  EXPECT_EQ(script_.requests("DELETE"), 2);
}

// It was damaged when it was looked at, and has come anew since.
TEST_F(S3RetryTest, LosesNoBlobThatComesWhileItIsQuarantined) {
  script_.Answer("GET list-type=", TextResponse(200, "<ListBucketResult></ListBucketResult>"));
  const absl::Time now = absl::Now();
  script_.Answer("HEAD", Modified(now - absl::Hours(48), "abd"));
  script_.Answer("HEAD", Modified(now, "abc"));
  script_.Answer("GET", TextResponse(206, "abd"));
  const auto store = S3BlobStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto damaged = (*store)->Quarantine(Sha256Hex("abc"));
  ASSERT_TRUE(damaged.ok()) << damaged.status();
  EXPECT_FALSE(*damaged);
  EXPECT_EQ(script_.requests("HEAD"), 2);
  EXPECT_EQ(script_.requests("PUT") + script_.requests("DELETE"), 0);
}

TEST_F(S3RetryTest, AbortsAnUploadThatCannotBeCompleted) {
  script_.Answer("POST uploadId=", Error(403, "AccessDenied"));
  EXPECT_TRUE(absl::IsPermissionDenied(Upload()));
  EXPECT_EQ(script_.requests("DELETE uploadId="), 1);
}

}  // namespace
}  // namespace ropewalk
