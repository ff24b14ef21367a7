#include "services/registry/upstream/pull_through.h"

#include <gmock/gmock.h>

#include "services/registry/upstream/pull_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PullThroughTest : public PullFixture {};

TEST_F(PullThroughTest, PullsWhatARepositoryHasBeforeItIsRead) {
  const v1::Version there = PublishModel();
  const nlohmann::json info = AskJson("/api/models/org/m?blobs=true");
  EXPECT_EQ(info["sha"], CommitOf(there.name()));
  EXPECT_EQ(info["private"], false);
  ASSERT_EQ(info["siblings"].size(), 5);
  EXPECT_EQ(info["siblings"][3]["lfs"]["sha256"], Sha256Hex(Upstream::Weights()));
  EXPECT_EQ(Readme(), "# M\n");
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/empty.txt")), "");
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/model.safetensors")), Upstream::Weights());
  EXPECT_EQ(BodyOf(Ask("/org/m/resolve/main/sub/notes%20with%20spaces.txt")), "notes");
  EXPECT_EQ(Ask("/org/m/resolve/main/none").status, 404);
  EXPECT_THAT(Ids(AskJson("/api/models")), ElementsAre("org/m"));
  EXPECT_THAT(upstream_.Requests("/resolve/"), SizeIs(5));
}

TEST_F(PullThroughTest, TakesAnyReadForAReason) {
  PublishModel();
  EXPECT_THAT(BodyOf(Ask("/api/models/org/m/paths-info/main", {}, "POST", "paths=config.json")),
              HasSubstr("config.json"));
  upstream_.PublishFiles("datasets/org/rows", {{"rows.jsonl", "{}\n"}});
  EXPECT_EQ(Ask("/datasets/org/rows/resolve/main/rows.jsonl", {}, "HEAD").status, 200);
  upstream_.PublishFiles("models/org/tree", {{"sub/x", "x"}});
  EXPECT_EQ(AskJson("/api/models/org/tree/tree/main/sub")[0]["path"], "sub/x");
  upstream_.PublishFiles("models/org/refs", {{"x", "x"}});
  EXPECT_EQ(AskJson("/api/models/org/refs/refs")["branches"][0]["name"], "main");
}

TEST_F(PullThroughTest, ServesWhatItHasWhenUpstreamIsGone) {
  PublishModel();
  EXPECT_EQ(Readme(), "# M\n");
  upstream_.Stop();
  EXPECT_EQ(Readme(), "# M\n");
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Readme(), "# M\n");
  Pull();  // It forgets what it has asked.
  EXPECT_EQ(Readme(), "# M\n");
}

TEST_F(PullThroughTest, AsksForMainAgainAfterAWhileAndFetchesWhatIsNew) {
  PublishModel();
  EXPECT_EQ(Readme(), "# M\n");
  PublishModel("# M, improved\n");
  EXPECT_EQ(Readme(), "# M\n");
  clock_.Advance(absl::Minutes(5));
  EXPECT_EQ(Readme(), "# M, improved\n");
  EXPECT_THAT(upstream_.Requests("/resolve/"), SizeIs(6));
  EXPECT_EQ(AskJson("/api/models/org/m/refs")["branches"].size(), 1);
  const size_t asked = upstream_.Requests().size();
  EXPECT_EQ(Readme(), "# M, improved\n");
  EXPECT_THAT(upstream_.Requests(), SizeIs(asked));
}

TEST_F(PullThroughTest, FindsARevisionByUpstreamsCommitAndByItsOwn) {
  const v1::Version old = PublishModel("old");
  PublishModel("new");
  const std::string upstreams = Upstream::CommitName(old);
  const std::string own = CommitOf(old.name());
  ASSERT_NE(upstreams, own);
  EXPECT_EQ(Readme(upstreams), "old");
  EXPECT_EQ(Readme(), "new");
  EXPECT_EQ(AskJson("/api/models/org/m/revision/" + upstreams)["sha"], upstreams);
  EXPECT_EQ(AskJson("/api/models/org/m/revision/" + own)["sha"], own);
  for (const std::string& commit : {upstreams, own}) {
    const HttpResponse file = Ask("/org/m/resolve/" + commit + "/README.md");
    EXPECT_EQ(file.headers.at("X-Repo-Commit"), commit);
    const HttpResponse none = Ask("/org/m/resolve/" + commit + "/none");
    EXPECT_EQ(none.headers.at("X-Repo-Commit"), commit);
  }
  upstream_.Stop();
  EXPECT_EQ(Readme(upstreams), "old");
  EXPECT_EQ(Readme(own), "old");
}

TEST_F(PullThroughTest, PullsABranchAndLeavesMainToItself) {
  const v1::Version old = PublishModel("old");
  upstream_.Branch(old, "v1");
  PublishModel("new");
  EXPECT_EQ(Readme("v1"), "old");
  EXPECT_THAT(Ids(AskJson("/api/models")), IsEmpty());  // There is no main yet.
  EXPECT_EQ(Readme(), "new");
  upstream_.Branch(old, "v2");
  EXPECT_EQ(Readme("v2"), "old");
  EXPECT_EQ(Readme(), "new");
  const HttpResponse none = Ask("/org/m/resolve/v3/README.md");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(ErrorCode(none), "RevisionNotFound");
  upstream_.Stop();
  EXPECT_EQ(Readme("v1") + Readme("v2") + Readme(), "oldoldnew");
}

TEST_F(PullThroughTest, LeavesARepositoryOfItsOwnAlone) {
  PublishModel("upstream's");
  PublishFiles("models/org/m", {{"README.md", "ours"}});
  EXPECT_EQ(Readme(), "ours");
  EXPECT_EQ(Readme("v1"), "404");
  ASSERT_TRUE(registry_->CreateRepository("models/org/empty").ok());
  EXPECT_EQ(Ask("/api/models/org/empty").status, 200);
  EXPECT_THAT(upstream_.Requests(), IsEmpty());
}

TEST_F(PullThroughTest, FollowsABranchUntilSomethingIsCommittedToIt) {
  PublishModel("first");
  EXPECT_EQ(Readme(), "first");
  Commit commit;
  commit.repository = "models/org/m";
  commit.branch = "latest";
  v1::File& file = commit.files.emplace_back();
  file.set_path("README.md");
  file.set_digest(Upload("ours"));
  file.set_size_bytes(4);
  ASSERT_TRUE(registry_->MakeCommit(commit).ok());
  PublishModel("second");
  clock_.Advance(absl::Minutes(6));
  EXPECT_EQ(Readme(), "ours");
}

TEST_F(PullThroughTest, KeepsAnAdapterAsOne) {
  upstream_.PublishFiles("adapters/org/lora", {{"adapter_config.json", kAdapterConfig}});
  EXPECT_EQ(Ask("/api/models/org/lora").status, 200);
  EXPECT_TRUE(registry_->GetRepository("adapters/org/lora").ok());
}

TEST_F(PullThroughTest, PullsAgainWhatWasDeleted) {
  PublishModel();
  EXPECT_EQ(Readme(), "# M\n");
  ASSERT_TRUE(registry_->DeleteRepository("models/org/m").ok());
  EXPECT_EQ(Readme(), "# M\n");
}

TEST_F(PullThroughTest, SaysNotFoundOfWhatUpstreamDoesNotHave) {
  const HttpResponse response = Ask("/api/models/org/none");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(ErrorCode(response), "RepoNotFound");
  EXPECT_EQ(Ask("/org/none/resolve/main/x").status, 404);
  EXPECT_THAT(upstream_.Requests(), SizeIs(1));  // The answer is remembered for a while.
  EXPECT_EQ(Ask("/api/spaces/org/none").status, 404);
  EXPECT_THAT(upstream_.Requests(), SizeIs(1));
}

}  // namespace
}  // namespace ropewalk
