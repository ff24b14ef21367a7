#include <gmock/gmock.h>

#include "services/registry/upstream/pull_fixture.h"

namespace ropewalk {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class UpstreamAccessTest : public PullFixture {
 protected:
  void AskForTokens(bool anonymous_read = false) {
    SetAccess({.tokens = true, .anonymous_read = anonymous_read});
    Pull();
  }

  std::string TokenOf(const std::string& user) {
    v1::CreateTokenRequest request;
    request.set_user(user);
    request.set_role(v1::TOKEN_ROLE_READ);
    const auto made = access_->CreateToken(request);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->text() : "";
  }

  int StatusFor(const std::string& token, const std::string& target) {
    return Ask(target, {{"authorization", "Bearer " + token}}).status;
  }
};

TEST_F(UpstreamAccessTest, WhoMayNotReadPullsNothing) {
  PublishModel();
  AskForTokens();
  EXPECT_EQ(Ask("/api/models/org/m").status, 401);
  EXPECT_EQ(StatusFor("hf_unknown", "/api/models/org/m"), 401);
  EXPECT_THAT(upstream_.Requests(), IsEmpty());
  AskForTokens(/*anonymous_read=*/true);
  EXPECT_EQ(Ask("/api/models/org/m").status, 200);
}

TEST_F(UpstreamAccessTest, WhatWasPulledIsPublic) {
  PublishModel();
  AskForTokens();
  EXPECT_EQ(StatusFor(TokenOf("alice"), "/api/models/org/m"), 200);
  EXPECT_EQ(StatusFor(TokenOf("bob"), "/api/models/org/m"), 200);
  EXPECT_EQ(Ask("/api/models/org/m").status, 401);
}

TEST_F(UpstreamAccessTest, NothingIsPulledIntoANamespaceThatSomebodyOwns) {
  PublishModel();
  AskForTokens();
  const std::string owner = TokenOf("org");
  EXPECT_EQ(StatusFor(owner, "/api/models/org/m"), 404);
  EXPECT_EQ(StatusFor(TokenOf("bob"), "/api/models/org/m"), 404);
  EXPECT_THAT(upstream_.Requests(), IsEmpty());
}

TEST_F(UpstreamAccessTest, APrivateRepositoryIsNotLookedForElsewhere) {
  PublishModel();
  AskForTokens();
  const std::string bob = TokenOf("bob");
  EXPECT_EQ(StatusFor(bob, "/api/models/org/m"), 200);
  v1::SetVisibilityRequest hide;
  hide.set_name("models/org/m");
  hide.set_visibility(v1::VISIBILITY_PRIVATE);
  ASSERT_TRUE(registry_->SetVisibility(hide).ok());
  const size_t asked = upstream_.Requests().size();
  clock_.Advance(absl::Minutes(6));
  EXPECT_EQ(StatusFor(bob, "/api/models/org/m"), 404);
  EXPECT_EQ(StatusFor(bob, "/api/models/org/m/revision/v1"), 404);
  EXPECT_THAT(upstream_.Requests(), SizeIs(asked));
}

TEST_F(UpstreamAccessTest, WritesPullNothing) {
  PublishModel();
  const nlohmann::json body{{"organization", "org"}, {"name", "m"}};
  EXPECT_EQ(Ask("/api/models/org/m/tag/main", {}, "POST", R"({"tag": "v1"})").status, 404);
  EXPECT_EQ(Ask("/api/repos/create", {}, "POST", body.dump()).status, 200);
  EXPECT_EQ(AskJson("/api/models/org/m")["siblings"].size(), 0);
  EXPECT_THAT(upstream_.Requests(), IsEmpty());
}

// Keeps what it is asked, and answers with the same text.
class Elsewhere final : public HttpHandler {
 public:
  explicit Elsewhere(std::string text) : text_(std::move(text)) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    MutexLock lock(&mutex_);
    requests_.push_back(request);
    return AnswerAtOnce(TextResponse(200, text_));
  }

  std::vector<HttpRequest> requests() {
    MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  const std::string text_;
  Mutex mutex_;
  std::vector<HttpRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(UpstreamAccessTest, TheTokenGoesToUpstreamAndNowhereElse) {
  PublishModel();
  Pull([](PullThroughOptions* options) { options->upstream.token = "hf_secret"; });
  Elsewhere elsewhere(Upstream::Weights());
  HttpServerOptions server_options;
  server_options.address = "127.0.0.1:0";
  const auto server = HttpServer::Start(server_options, &elsewhere);
  ASSERT_TRUE(server.ok()) << server.status();
  HttpResponse redirect = TextResponse(302, "elsewhere");
  redirect.headers["Location"] = absl::StrCat("http://127.0.0.1:", (*server)->port(), "/w");
  upstream_.Follow([&](const HttpRequest& request) {
    const bool large = absl::StrContains(request.path, "/model.safetensors");
    return large ? AnswerAtOnce(redirect) : nullptr;
  });
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/model.safetensors")), Upstream::Weights());
  for (const HttpRequest& request : upstream_.Requests()) {
    EXPECT_EQ(request.header("authorization"), "Bearer hf_secret") << request.path;
  }
  const std::vector<HttpRequest> requests = elsewhere.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].header("authorization"), "");
}

TEST_F(UpstreamAccessTest, NoSecretIsInAnAddress) {
  for (const char* const url :
       {"hub:7081", "https://user:secret@hub", "https://hub?token=secret"}) {
    PullThroughOptions options;
    options.upstream.url = url;
    const auto started = PullThrough::Start(options, registry_.get(), &clock_);
    EXPECT_TRUE(absl::IsInvalidArgument(started.status())) << url;
  }
}

TEST_F(UpstreamAccessTest, ACallersTokenDoesNotLeaveTheRegistry) {
  PublishModel();
  AskForTokens();
  EXPECT_EQ(StatusFor(TokenOf("alice"), "/api/models/org/m"), 200);
  for (const HttpRequest& request : upstream_.Requests()) {
    EXPECT_EQ(request.header("authorization"), "");
  }
}

}  // namespace
}  // namespace ropewalk
