#include "services/registry/webhooks/webhooks.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "services/common/http_server.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/registry_fixture.h"
#include "services/registry/webhooks/webhook_event.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Keeps what it is told.
class Listener final : public RepositoryListener {
 public:
  void OnChange(const v1::Repository* before, const v1::Repository* after) override {
    for (nlohmann::json& event : WebhookEvents(before, after, "http://hub")) {
      events.push_back(std::move(event));
    }
  }

  std::vector<std::string> Summaries() {
    std::vector<std::string> summaries;
    for (const nlohmann::json& event : events) {
      summaries.push_back(absl::StrCat(event["event"]["action"].get<std::string>(), " ",
                                       event["event"]["scope"].get<std::string>()));
    }
    events.clear();
    return summaries;
  }

  std::vector<nlohmann::json> events;
};

class WebhookEventTest : public RegistryFixture {
 protected:
  WebhookEventTest() { registry_->set_listener(&listener_); }

  Listener listener_;
};

TEST_F(WebhookEventTest, TellsFromWhichCommitToWhichABranchWent) {
  const v1::Version first = Create(Request("models/alice/m", "1"));
  ASSERT_THAT(listener_.events, SizeIs(2));
  EXPECT_EQ(
      listener_.events[1]["updatedRefs"],
      (nlohmann::json{
          {{"ref", "refs/heads/main"}, {"oldSha", nullptr}, {"newSha", CommitOf(first.name())}}}));
  EXPECT_THAT(listener_.Summaries(), ElementsAre("create repo", "update repo.content"));
  const v1::Version second = Create(Request("models/alice/m", "2"));
  ASSERT_THAT(listener_.events, SizeIs(1));
  const nlohmann::json& event = listener_.events[0];
  EXPECT_EQ(event["updatedRefs"][0]["oldSha"], CommitOf(first.name()));
  EXPECT_EQ(event["updatedRefs"][0]["newSha"], CommitOf(second.name()));
  EXPECT_EQ(event["repo"]["name"], "alice/m");
  EXPECT_EQ(event["repo"]["headSha"], CommitOf(second.name()));
  EXPECT_EQ(event["repo"]["url"]["api"], "http://hub/api/models/alice/m");
}

TEST_F(WebhookEventTest, TellsOfTagsSettingsMovesAndTheEnd) {
  const v1::Version version = Create(Request("models/alice/m", "1"));
  listener_.Summaries();
  ASSERT_TRUE(registry_->AddTag("models/alice/m", "v1", version.name(), false).ok());
  EXPECT_EQ(listener_.events[0]["updatedRefs"][0]["ref"], "refs/tags/v1");
  v1::SetVisibilityRequest show;
  show.set_name("models/alice/m");
  show.set_visibility(v1::VISIBILITY_PUBLIC);
  ASSERT_TRUE(registry_->SetVisibility(show).ok());
  EXPECT_THAT(listener_.Summaries(), ElementsAre("update repo.content", "update repo.config"));
  ASSERT_TRUE(registry_->MoveRepository("models/alice/m", "models/alice/n").ok());
  ASSERT_TRUE(registry_->DeleteRepository("models/alice/n").ok());
  EXPECT_THAT(listener_.Summaries(), ElementsAre("move repo", "delete repo"));
}

TEST_F(WebhookEventTest, TellsNothingOfWhatChangesNothing) {
  Create(Request("models/alice/m", "1"));
  listener_.Summaries();
  Create(Request("models/alice/m", "1"));
  EXPECT_FALSE(registry_->MoveRepository("models/alice/none", "models/alice/n").ok());
  EXPECT_THAT(listener_.Summaries(), IsEmpty());
}

// An address that hears of changes, and fails at first.
class Hook final : public HttpHandler {
 public:
  explicit Hook(int failures) : failures_(failures) {}

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    return AnswerToBody(1 << 20, [this, request](const std::string& body) {
      MutexLock lock(&mutex_);
      if (failures_-- > 0) return TextResponse(500, "not now\n");
      secret_ = request.header("x-webhook-secret");
      bodies_.push_back(body);
      changed_.SignalAll();
      return TextResponse(200, "ok\n");
    });
  }

  // What has come when there are so many, or after half a minute.
  std::vector<std::string> Await(size_t count) {
    MutexLock lock(&mutex_);
    for (int i = 0; i < 300 && bodies_.size() < count; ++i) {
      changed_.WaitFor(&mutex_, absl::Milliseconds(100));
    }
    return bodies_;
  }

  std::string secret() {
    MutexLock lock(&mutex_);
    return secret_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int failures_ ABSL_GUARDED_BY(mutex_);
  std::string secret_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> bodies_ ABSL_GUARDED_BY(mutex_);
};

TEST(Webhooks, ArriveInOrderThoughTheAddressFailsAtFirst) {
  Hook hook(/*failures=*/2);
  HttpServerOptions server_options;
  server_options.address = "127.0.0.1:0";
  const auto server = HttpServer::Start(server_options, &hook);
  ASSERT_TRUE(server.ok()) << server.status();
  WebhookOptions options;
  options.urls = {absl::StrCat("http://127.0.0.1:", (*server)->port(), "/hook")};
  options.secret = "s3cret";
  options.first_pause = absl::Milliseconds(1);
  Webhooks webhooks(options);
  v1::Repository repository;
  repository.set_name("models/alice/m");
  webhooks.OnChange(nullptr, &repository);
  webhooks.OnChange(&repository, nullptr);
  const std::vector<std::string> bodies = hook.Await(2);
  ASSERT_THAT(bodies, SizeIs(2));
  EXPECT_EQ(nlohmann::json::parse(bodies[0])["event"]["action"], "create");
  EXPECT_EQ(nlohmann::json::parse(bodies[1])["event"]["action"], "delete");
  EXPECT_EQ(hook.secret(), "s3cret");
}

TEST(Webhooks, EndThoughNobodyListens) {
  WebhookOptions options;
  options.urls = {"http://127.0.0.1:1/nobody"};
  options.first_pause = absl::Hours(1);
  Webhooks webhooks(options);
  v1::Repository repository;
  repository.set_name("models/alice/m");
  webhooks.OnChange(nullptr, &repository);
}

}  // namespace
}  // namespace ropewalk
