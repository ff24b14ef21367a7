#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/common/http_server.h"
#include "services/common/mutex.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_fixture.h"
#include "services/registry/hub/json_response.h"
#include "services/registry/upstream/pull_through.h"

namespace ropewalk {

// For tests: another Hub, on a port of its own. It is a registry that reads its commits backwards,
// so that, as on the Hub, they are not the commits of who pulls from it.
class Upstream final : public HubFixture, public HttpHandler {
 public:
  using HubFixture::PublishFiles;
  using HubFixture::Weights;

  // An answer instead of its own; null: its own.
  using Script = std::function<std::unique_ptr<HttpExchange>(const HttpRequest& request)>;

  Upstream() { Start(); }
  ~Upstream() override { Stop(); }

  void Start() {
    HttpServerOptions options;
    options.address = "127.0.0.1:0";
    options.threads = 4;
    auto server = HttpServer::Start(options, this);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    url_ = absl::StrCat("http://127.0.0.1:", server_->port());
  }
  void Stop() { server_.reset(); }
  const std::string& url() const { return url_; }

  void Follow(Script script) {
    MutexLock lock(&mutex_);
    script_ = std::move(script);
  }

  // What it calls a version.
  static std::string CommitName(const v1::Version& version) {
    return Backwards(CommitOf(version.name()));
  }

  // Makes a branch at a version.
  void Branch(const v1::Version& version, const std::string& name) {
    const std::string repository = version.name().substr(0, version.name().rfind("/versions/"));
    const absl::Status status = registry_->AddTag(repository, name, version.name(), true);
    EXPECT_TRUE(status.ok()) << status;
  }

  // The requests so far whose path contains this.
  std::vector<HttpRequest> Requests(const std::string& part = "") {
    MutexLock lock(&mutex_);
    std::vector<HttpRequest> found;
    for (const HttpRequest& request : requests_) {
      if (absl::StrContains(request.path, part)) found.push_back(request);
    }
    return found;
  }

  std::unique_ptr<HttpExchange> Begin(const HttpRequest& request) override {
    Script script;
    {
      MutexLock lock(&mutex_);
      requests_.push_back(request);
      script = script_;
    }
    if (script != nullptr) {
      if (auto exchange = script(request)) return exchange;
    }
    HttpRequest own = request;
    std::vector<std::string> parts = absl::StrSplit(request.path, '/');
    for (std::string& part : parts) {
      if (IsGitOid(part)) part = Backwards(part);
    }
    own.path = absl::StrJoin(parts, "/");
    own.headers.erase("authorization");
    return AnswerAtOnce(Disguised(handler_->Begin(own)->Finish()));
  }

 private:
  void TestBody() override {}

  static std::string Backwards(std::string commit) {
    std::reverse(commit.begin(), commit.end());
    return commit;
  }

  static HttpResponse Disguised(HttpResponse response) {
    const auto* const text = std::get_if<std::string>(&response.body);
    if (text == nullptr) return response;
    nlohmann::json body = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!body.is_object() || !body.contains("sha")) return response;
    body["sha"] = Backwards(body["sha"].get<std::string>());
    return JsonResponse(body);
  }

  Mutex mutex_;
  Script script_ ABSL_GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ ABSL_GUARDED_BY(mutex_);
  std::string url_;
  std::unique_ptr<HttpServer> server_;
};

// For tests: a registry that pulls from another Hub what it lacks.
class PullFixture : public HubFixture {
 protected:
  PullFixture() { Pull(); }

  // From now on with these options.
  void Pull(const std::function<void(PullThroughOptions*)>& change = [](auto*) {}) {
    PullThroughOptions options;
    options.upstream.url = upstream_.url();
    options.fetch.first_pause = absl::Milliseconds(1);
    change(&options);
    pull_through_.reset();
    auto started = PullThrough::Start(options, registry_.get(), &clock_);
    ASSERT_TRUE(started.ok()) << started.status();
    pull_through_ = *std::move(started);
    handler_ = std::make_unique<HubHandler>(registry_.get(), access_.get(), &clock_,
                                            /*xet=*/nullptr, pull_through_.get());
  }

  // A model org/m with files of all sorts.
  v1::Version PublishModel(const std::string& readme = "# M\n") {
    return upstream_.PublishFiles("models/org/m", {{"README.md", readme},
                                                   {"config.json", "{}"},
                                                   {"empty.txt", ""},
                                                   {"model.safetensors", Upstream::Weights()},
                                                   {"sub/notes with spaces.txt", "notes"}});
  }

  std::string Readme(const std::string& revision = "main") {
    const HttpResponse response = Ask("/org/m/resolve/" + revision + "/README.md");
    return response.status == 200 ? BodyOf(response) : absl::StrCat(response.status);
  }

  Upstream upstream_;
  std::unique_ptr<PullThrough> pull_through_;
};

}  // namespace ropewalk
