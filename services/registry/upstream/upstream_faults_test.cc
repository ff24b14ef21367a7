#include <gmock/gmock.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "services/registry/upstream/pull_fixture.h"

namespace ropewalk {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The answer with the status, to requests whose path contains `part`.
Upstream::Script Always(const std::string& part, HttpResponse response) {
  return [part, response](const HttpRequest& request) {
    return absl::StrContains(request.path, part) ? AnswerAtOnce(response) : nullptr;
  };
}

// A body that breaks off in the middle.
class BrokenBody final : public HttpBody {
 public:
  BrokenBody(std::string begin, int64_t size_bytes)
      : begin_(std::move(begin)), size_bytes_(size_bytes) {}

  int64_t size_bytes() const override { return size_bytes_; }
  absl::StatusOr<std::string> Next() override {
    if (begin_.empty()) return absl::UnavailableError("the line is bad");
    const std::string piece = begin_.substr(0, 1 << 20);
    begin_.erase(0, piece.size());
    return piece;
  }

 private:
  std::string begin_;
  const int64_t size_bytes_;
};

// Closed until it is opened; nobody waits longer than half a minute.
class Gate {
 public:
  void Open() {
    MutexLock lock(&mutex_);
    open_ = true;
    changed_.SignalAll();
  }
  void Pass() {
    MutexLock lock(&mutex_);
    for (int i = 0; i < 300 && !open_; ++i) changed_.WaitFor(&mutex_, absl::Milliseconds(100));
    EXPECT_TRUE(open_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

class UpstreamFaultsTest : public PullFixture {};

TEST_F(UpstreamFaultsTest, WhatHasAnotherDigestIsNotPublished) {
  PublishModel();
  std::string weights = Upstream::Weights();
  weights.back() = 'x';
  for (const auto& [part, bytes] :
       {std::pair("/model.safetensors", weights), std::pair("/config.json", std::string("[]")),
        std::pair("/config.json", std::string("{}, and more"))}) {
    upstream_.Follow(Always(part, TextResponse(200, bytes)));
    const HttpResponse response = Ask("/api/models/org/m");
    EXPECT_EQ(response.status, 502);
    EXPECT_THAT(BodyOf(response), HasSubstr(part + 1));
    EXPECT_TRUE(absl::IsNotFound(registry_->GetRepository("models/org/m").status()));
    EXPECT_EQ(Ask("/api/models/org/m").status, 502);
    clock_.Advance(absl::Seconds(11));
  }
  upstream_.Follow(nullptr);
  EXPECT_EQ(Ask("/api/models/org/m").status, 200);
}

TEST_F(UpstreamFaultsTest, AFaultOfUpstreamsLeavesWhatIsHere) {
  PublishModel();
  EXPECT_EQ(Readme(), "# M\n");
  PublishModel("# M, improved\n");
  clock_.Advance(absl::Minutes(6));
  upstream_.Follow(Always("/README.md", TextResponse(200, "# M, hijacked\n")));
  EXPECT_EQ(Readme(), "# M\n");
  EXPECT_EQ(Readme(), "# M\n");
  EXPECT_THAT(upstream_.Requests("/README.md"), SizeIs(2));  // The second time was too early.
  upstream_.Follow(nullptr);
  clock_.Advance(absl::Seconds(11));
  EXPECT_EQ(Readme(), "# M, improved\n");
}

TEST_F(UpstreamFaultsTest, ADownloadThatBreaksGoesOnWhereItWas) {
  std::string weights = Upstream::Weights();
  weights.resize(5 << 20, 'w');
  upstream_.PublishFiles("models/org/m", {{"model.safetensors", weights}});
  std::atomic<int> breaks{1};
  upstream_.Follow([&](const HttpRequest& request) -> std::unique_ptr<HttpExchange> {
    if (!absl::StrContains(request.path, "/resolve/") || breaks-- <= 0) return nullptr;
    HttpResponse response;
    response.body = std::make_shared<BrokenBody>(weights.substr(0, 3 << 20), weights.size());
    return AnswerAtOnce(std::move(response));
  });
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/model.safetensors")), weights);
  const std::vector<HttpRequest> requests = upstream_.Requests("/resolve/");
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_EQ(requests[0].header("range"), "");
  EXPECT_THAT(requests[1].header("range"), HasSubstr("bytes="));
}

TEST_F(UpstreamFaultsTest, AServerWithoutRangesIsReadFromTheBeginning) {
  std::string weights = Upstream::Weights();
  weights.resize(5 << 20, 'w');
  upstream_.PublishFiles("models/org/m", {{"model.safetensors", weights}});
  std::atomic<int> breaks{1};
  upstream_.Follow([&](const HttpRequest& request) -> std::unique_ptr<HttpExchange> {
    if (!absl::StrContains(request.path, "/resolve/")) return nullptr;
    HttpResponse response = TextResponse(200, weights);
    if (breaks-- > 0) {
      response.body = std::make_shared<BrokenBody>(weights.substr(0, 3 << 20), weights.size());
    }
    return AnswerAtOnce(std::move(response));
  });
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/model.safetensors")), weights);
}

TEST_F(UpstreamFaultsTest, SaysThatUpstreamCannotBeReached) {
  upstream_.Stop();
  const HttpResponse response = Ask("/api/models/org/m");
  EXPECT_EQ(response.status, 502);
  EXPECT_EQ(ErrorCode(response), "");
  EXPECT_THAT(BodyOf(response), HasSubstr(upstream_.url()));
}

TEST_F(UpstreamFaultsTest, SaysWhatUpstreamSays) {
  const struct {
    int upstream;
    int here;
    const char* code;
  } cases[] = {{401, 404, "RepoNotFound"}, {403, 403, "GatedRepo"}, {500, 502, ""}, {429, 502, ""}};
  for (const auto& [upstream, here, code] : cases) {
    upstream_.Follow(Always("/api/", TextResponse(upstream, "no")));
    const HttpResponse response = Ask("/api/models/org/m");
    EXPECT_EQ(response.status, here) << upstream;
    EXPECT_EQ(ErrorCode(response), code) << upstream;
    clock_.Advance(absl::Seconds(11));
  }
  upstream_.Follow(Always("/api/", TextResponse(200, "<html>Log in</html>")));
  EXPECT_EQ(Ask("/api/models/org/m").status, 502);
  PublishModel();
  clock_.Advance(absl::Seconds(11));
  upstream_.Follow(Always("/resolve/", TextResponse(401, "no")));
  EXPECT_EQ(ErrorCode(Ask("/api/models/org/m")), "GatedRepo");
}

TEST_F(UpstreamFaultsTest, DoesNotPullMoreThanItMay) {
  PublishModel();
  Pull([](PullThroughOptions* options) { options->most_bytes = 10; });
  const HttpResponse response = Ask("/api/models/org/m");
  EXPECT_EQ(response.status, 507);
  EXPECT_THAT(BodyOf(response), HasSubstr("--upstream-max-gib"));
  EXPECT_THAT(upstream_.Requests("/resolve/"), IsEmpty());
}

TEST_F(UpstreamFaultsTest, ADownloadWaitsForAWhileAndThePullGoesOn) {
  PublishModel();
  Pull([](PullThroughOptions* options) { options->download_patience = absl::Milliseconds(20); });
  Gate gate;
  upstream_.Follow([&](const HttpRequest& request) -> std::unique_ptr<HttpExchange> {
    if (absl::StrContains(request.path, "/model.safetensors")) gate.Pass();
    return nullptr;
  });
  const HttpResponse response = Ask("/org/m/resolve/main/README.md", {}, "HEAD");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.at("Retry-After"), "5");
  EXPECT_THAT(BodyOf(response), HasSubstr("being pulled"));
  gate.Open();
  EXPECT_EQ(Ask("/api/models/org/m").status, 200);
  EXPECT_EQ(Readme(), "# M\n");
  EXPECT_THAT(upstream_.Requests("/resolve/"), SizeIs(5));
}

TEST_F(UpstreamFaultsTest, ReadersAtOnceHaveItPulledOnce) {
  PublishModel();
  std::vector<int> statuses(6);
  std::vector<std::thread> readers;
  for (int& status : statuses) {
    readers.emplace_back([&] { status = Ask("/org/m/resolve/main/README.md").status; });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_THAT(statuses, Each(200));
  EXPECT_THAT(upstream_.Requests("/resolve/"), SizeIs(5));
}

}  // namespace
}  // namespace ropewalk
