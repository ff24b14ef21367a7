#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>

#include "services/common/manifest.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class VersionsTest : public RegistryFixture {
 protected:
  // An adapter trained on `base`, with this metric.
  v1::Version PublishAdapter(const std::string& bytes, const v1::Version& base, double metric) {
    v1::CreateVersionRequest request = Request("adapters/demo/dates", bytes);
    request.mutable_lineage()->set_base_model(base.name());
    request.mutable_lineage()->set_method("lora");
    (*request.mutable_lineage()->mutable_metrics())["exact_match"] = metric;
    return Create(request);
  }

  std::vector<std::string> Names(const v1::ListVersionsRequest& request) {
    const auto response = registry_->ListVersions(request);
    EXPECT_TRUE(response.ok()) << response.status();
    std::vector<std::string> names;
    if (!response.ok()) return names;
    for (const v1::Version& version : response->versions()) names.push_back(version.name());
    return names;
  }
};

TEST_F(VersionsTest, AreWhatWasPublished) {
  v1::CreateVersionRequest request = Request("models/org/tiny", "weights");
  *request.add_files() = request.files(0);
  request.mutable_files(1)->set_path("a/first");
  const v1::Version version = Create(request);
  EXPECT_EQ(version.name(), "models/org/tiny/versions/" + VersionId(request.files()));
  ASSERT_EQ(version.files_size(), 2);
  EXPECT_EQ(version.files(0).path(), "a/first");
  EXPECT_EQ(version.total_bytes(), 14);
  EXPECT_THAT(version.tags(), ElementsAre("latest"));
  EXPECT_EQ(version.create_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  EXPECT_EQ(Get(version.name())->SerializeAsString(), version.SerializeAsString());
}

TEST_F(VersionsTest, AreFoundByNameTagAndRepository) {
  const v1::Version old = Publish("models/org/tiny", "1");
  const v1::Version young = Publish("models/org/tiny", "2");
  ASSERT_TRUE(SetTag("models/org/tiny/tags/stable", old.name()).ok());
  EXPECT_EQ(Get("models/org/tiny")->name(), young.name());
  EXPECT_EQ(Get("models/org/tiny/tags/latest")->name(), young.name());
  EXPECT_EQ(Get("models/org/tiny/tags/stable")->name(), old.name());
  EXPECT_TRUE(absl::IsNotFound(Get("models/org/none").status()));
  EXPECT_TRUE(absl::IsNotFound(Get("models/org/tiny/tags/none").status()));
  EXPECT_TRUE(absl::IsNotFound(Get("models/org/t/versions/" + std::string(64, 'a')).status()));
}

TEST_F(VersionsTest, PublishedTwiceAreOne) {
  const v1::Version first = Publish("models/org/tiny", "1");
  Publish("models/org/tiny", "2");
  v1::CreateVersionRequest again = Request("models/org/tiny", "1");
  again.add_tags("best");
  clock_.Advance(absl::Seconds(1));
  const v1::Version second = Create(again);
  EXPECT_EQ(second.name(), first.name());
  EXPECT_EQ(second.create_time().seconds(), first.create_time().seconds());
  EXPECT_THAT(second.tags(), ElementsAre("best"));  // `latest` stays with the younger one.
}

TEST_F(VersionsTest, PublishedByManyAtOnceAreOne) {
  const v1::CreateVersionRequest request = Request("models/org/tiny", "1");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { Create(request); });
  for (std::thread& thread : threads) thread.join();
  v1::ListVersionsRequest list;
  list.set_parent("models/org/tiny");
  EXPECT_THAT(Names(list), SizeIs(1));
}

TEST_F(VersionsTest, NeedAllTheirBlobs) {
  v1::CreateVersionRequest request = Request("models/org/tiny", "1");
  request.mutable_files(0)->set_digest(Sha256Hex("never uploaded"));
  const absl::Status missing = registry_->CreateVersion(request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(missing));
  EXPECT_THAT(missing.message(), HasSubstr("upload it first"));
  request = Request("models/org/tiny", "1");
  request.mutable_files(0)->set_size_bytes(2);
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->CreateVersion(request).status()));
  EXPECT_TRUE(absl::IsNotFound(Get("models/org/tiny").status()));
}

TEST_F(VersionsTest, NeedProperNames) {
  for (const char* repository : {"", "models", "models/org", "models/o rg/tiny", "models/../tiny",
                                 "models/org/..", "models/org/tiny/tags/x", "things/org/tiny"}) {
    const auto version = registry_->CreateVersion(Request(repository, "1"));
    EXPECT_TRUE(absl::IsInvalidArgument(version.status())) << repository;
  }
  for (const char* path : {"", "../x", "/x", "a//b"}) {
    v1::CreateVersionRequest request = Request("models/org/tiny", "1");
    request.mutable_files(0)->set_path(path);
    EXPECT_TRUE(absl::IsInvalidArgument(registry_->CreateVersion(request).status())) << path;
  }
  v1::CreateVersionRequest request = Request("models/org/tiny", "1");
  request.add_tags("No/Tag");
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->CreateVersion(request).status()));
}

TEST_F(VersionsTest, NameABaseThatIsThere) {
  const v1::Version base = Publish("models/org/tiny", "base");
  const v1::Version adapter = PublishAdapter("adapter", base, 0.5);
  EXPECT_EQ(adapter.lineage().base_model(), base.name());
  EXPECT_TRUE(base.name() == "models/org/tiny/versions/" + adapter.lineage().base_model_digest());
  v1::Version unknown;
  unknown.set_name("models/org/unknown");
  v1::CreateVersionRequest request = Request("adapters/demo/dates", "2");
  request.mutable_lineage()->set_base_model("models/org/unknown");
  const absl::Status status = registry_->CreateVersion(request).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("models/org/unknown"));
  request.mutable_lineage()->set_base_model(base.name());
  request.mutable_lineage()->set_base_model_digest(std::string(64, 'b'));
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->CreateVersion(request).status()));
}

TEST_F(VersionsTest, AreRefusedOnAnotherBaseNamingBoth) {
  const v1::Version base = Publish("models/org/tiny", "base");
  const v1::Version adapter = PublishAdapter("adapter", base, 0.5);
  const std::string digest = adapter.lineage().base_model_digest();
  EXPECT_TRUE(Get(adapter.name(), digest).ok());
  const std::string other(64, 'b');
  const absl::Status status = Get(adapter.name(), other).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr(digest));
  EXPECT_THAT(status.message(), HasSubstr(other));
  EXPECT_TRUE(absl::IsFailedPrecondition(Get(base.name(), other).status()));
}

TEST_F(VersionsTest, AreListedNewestFirstAndNarrowed) {
  const v1::Version base = Publish("models/org/tiny", "base");
  const v1::Version other = Publish("models/org/tiny", "other");
  const v1::Version low = PublishAdapter("low", base, 0.5);
  const v1::Version high = PublishAdapter("high", base, 0.95);
  const v1::Version nan = PublishAdapter("nan", other, std::numeric_limits<double>::quiet_NaN());
  v1::ListVersionsRequest request;
  request.set_parent("adapters");
  EXPECT_THAT(Names(request), ElementsAre(nan.name(), high.name(), low.name()));
  request.set_base_model_digest(low.lineage().base_model_digest());
  EXPECT_THAT(Names(request), ElementsAre(high.name(), low.name()));
  request.set_metric_filter("exact_match >= 0.9");
  EXPECT_THAT(Names(request), ElementsAre(high.name()));
  request.set_metric_filter("unheard_of > 0");
  EXPECT_THAT(Names(request), IsEmpty());
  request.clear_base_model_digest();
  request.clear_metric_filter();
  request.set_tag("latest");
  EXPECT_THAT(Names(request), ElementsAre(nan.name()));
  request.clear_tag();
  request.set_method("full");
  EXPECT_THAT(Names(request), IsEmpty());
}

TEST_F(VersionsTest, ComeInPages) {
  std::vector<std::string> published;
  for (const char* bytes : {"1", "2", "3", "4", "5"}) {
    published.insert(published.begin(), Publish("models/org/tiny", bytes).name());
  }
  v1::ListVersionsRequest request;
  request.set_parent("models/org/tiny");
  request.set_page_size(2);
  std::vector<std::string> listed;
  for (int pages = 0; pages < 3; ++pages) {
    const auto response = registry_->ListVersions(request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (const v1::Version& version : response->versions()) listed.push_back(version.name());
    request.set_page_token(response->next_page_token());
  }
  EXPECT_EQ(request.page_token(), "");
  EXPECT_EQ(listed, published);
}

TEST_F(VersionsTest, RefuseBadLists) {
  Publish("models/org/tiny", "1");
  Publish("models/org/tiny", "2");
  v1::ListVersionsRequest request;
  request.set_parent("models");
  request.set_page_size(1);
  request.set_page_token(registry_->ListVersions(request)->next_page_token());
  request.set_tag("stable");
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->ListVersions(request).status()));
  request.clear_page_token();
  EXPECT_TRUE(registry_->ListVersions(request).ok());
  request.set_metric_filter("x ? 1");
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->ListVersions(request).status()));
  request.clear_metric_filter();
  request.set_page_size(-1);
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->ListVersions(request).status()));
  request.set_page_size(1);
  request.set_parent("model");
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->ListVersions(request).status()));
}

TEST_F(VersionsTest, SurviveARestart) {
  const v1::Version base = Publish("models/org/tiny", "base");
  const v1::Version adapter = PublishAdapter("adapter", base, 0.5);
  ASSERT_TRUE(SetTag("adapters/demo/dates/tags/stable", adapter.name(), true).ok());
  const std::string before = Get(adapter.name())->SerializeAsString();
  Open();
  EXPECT_EQ(Get(adapter.name())->SerializeAsString(), before);
  EXPECT_TRUE(absl::IsFailedPrecondition(DeleteTag("adapters/demo/dates/tags/stable")));
}

TEST_F(VersionsTest, RepositoriesAreListedByName) {
  Publish("models/org/b", "1");
  Publish("models/org/b", "2");
  Publish("adapters/org/c", "3");
  Publish("models/org/a", "4");
  v1::ListRepositoriesRequest request;
  request.set_page_size(2);
  const auto first = registry_->ListRepositories(request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->repositories_size(), 2);
  EXPECT_EQ(first->repositories(0).name(), "adapters/org/c");
  EXPECT_EQ(first->repositories(1).name(), "models/org/a");
  request.set_page_token(first->next_page_token());
  const auto second = registry_->ListRepositories(request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->repositories_size(), 1);
  EXPECT_EQ(second->repositories(0).version_count(), 2);
  EXPECT_EQ(second->repositories(0).tags(0).name(), "models/org/b/tags/latest");
  EXPECT_EQ(second->next_page_token(), "");
  request.set_kind("models");
  EXPECT_TRUE(absl::IsInvalidArgument(registry_->ListRepositories(request).status()));
  request.clear_page_token();
  EXPECT_EQ(registry_->ListRepositories(request)->repositories(0).name(), "models/org/a");
}

}  // namespace
}  // namespace ropewalk
