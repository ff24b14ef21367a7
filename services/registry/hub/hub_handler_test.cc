#include "services/registry/hub/hub_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HubHandlerTest : public HubFixture {
 protected:
  // A version with so many files, all the same.
  void PublishMany(const std::string& repository, int count) {
    v1::CreateVersionRequest request = Request(repository, "x");
    for (int i = 1; i < count; ++i) {
      *request.add_files() = request.files(0);
      request.mutable_files(i)->set_path(absl::StrCat("folder/", i));
    }
    Create(request);
  }

  // What the header Link names; empty without one.
  static std::string NextOf(const HttpResponse& response) {
    const auto link = response.headers.find("Link");
    if (link == response.headers.end()) return "";
    EXPECT_THAT(link->second, HasSubstr("<http://hub:7081/api/"));
    return link->second.substr(16, link->second.find('>') - 16);
  }

  // The items of all pages from `target` on, and how many there are on each.
  nlohmann::json AskPages(std::string target, std::vector<int>* lengths) {
    nlohmann::json all = nlohmann::json::array();
    while (!target.empty()) {
      const HttpResponse response = Ask(target);
      EXPECT_EQ(response.status, 200) << target << ": " << BodyOf(response);
      const nlohmann::json items = JsonOf(response);
      lengths->push_back(items.size());
      for (const auto& item : items) all.push_back(item);
      target = NextOf(response);
    }
    return all;
  }
};

TEST_F(HubHandlerTest, TellsOfARepository) {
  const v1::Version version = PublishAdapter();
  const auto info = AskJson("/api/models/alice/sql");
  EXPECT_EQ(info["id"], "alice/sql");
  EXPECT_EQ(info["author"], "alice");
  EXPECT_EQ(info["sha"], CommitOf(version.name()));
  EXPECT_EQ(info["library_name"], "peft");
  EXPECT_EQ(info["cardData"]["base_model"], "org/b");
  EXPECT_THAT(info["tags"].get<std::vector<std::string>>(),
              ElementsAre("base_model:adapter:org/b", "base_model:org/b", "peft", "safetensors"));
  EXPECT_EQ(info["siblings"].size(), 4);
  EXPECT_EQ(info["siblings"][2], (nlohmann::json{{"rfilename", "adapter_model.safetensors"}}));
}

TEST_F(HubHandlerTest, NamesContentsAsGitAndLfsDo) {
  PublishAdapter();
  const auto siblings = AskJson("/api/models/alice/sql/revision/main?blobs=true")["siblings"];
  EXPECT_EQ(siblings[1]["blobId"], GitBlobOid(kAdapterConfig));
  EXPECT_FALSE(siblings[1].contains("lfs"));
  EXPECT_EQ(siblings[2]["lfs"]["sha256"], Sha256Hex(Weights()));
  EXPECT_EQ(siblings[2]["blobId"], GitBlobOid(LfsPointer(Sha256Hex(Weights()), 17)));
}

TEST_F(HubHandlerTest, FindsARevisionByBranchTagAndCommit) {
  const v1::Version first = PublishAdapter();
  ASSERT_TRUE(SetTag("adapters/alice/sql/tags/v1", first.name()).ok());
  const v1::Version second = PublishFiles("adapters/alice/sql", {{"a", "2"}});
  const std::string commit = CommitOf(first.name());
  EXPECT_EQ(AskJson("/api/models/alice/sql")["sha"], CommitOf(second.name()));
  for (const std::string& revision : {std::string("v1"), commit, commit.substr(0, 7)}) {
    EXPECT_EQ(AskJson(absl::StrCat("/api/models/alice/sql/revision/", revision))["sha"], commit);
  }
  const auto refs = AskJson("/api/models/alice/sql/refs");
  EXPECT_EQ(refs["branches"][0]["name"], "main");
  EXPECT_EQ(refs["branches"][0]["targetCommit"], CommitOf(second.name()));
  EXPECT_EQ(refs["tags"][0]["ref"], "refs/tags/v1");
  EXPECT_EQ(AskJson("/api/models/alice/sql/commits/main").size(), 2);
  EXPECT_EQ(AskJson("/api/models/alice/sql/commits/v1").size(), 1);
}

TEST_F(HubHandlerTest, NamesEachErrorAsClientsKnowIt) {
  const v1::Version version = PublishAdapter();
  EXPECT_EQ(ErrorCode(Ask("/api/models/alice/none")), "RepoNotFound");
  EXPECT_EQ(ErrorCode(Ask("/api/datasets/alice/sql")), "RepoNotFound");
  EXPECT_EQ(ErrorCode(Ask("/api/spaces/alice/sql")), "RepoNotFound");
  EXPECT_EQ(ErrorCode(Ask("/api/models/..%2F../x")), "RepoNotFound");
  EXPECT_EQ(ErrorCode(Ask("/api/models/alice/sql/revision/v9")), "RevisionNotFound");
  EXPECT_EQ(ErrorCode(Ask("/api/models/alice/sql/revision/refs%2Fpr%2F1")), "RevisionNotFound");
  const HttpResponse missing = Ask("/alice/sql/resolve/main/nothing.bin");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(ErrorCode(missing), "EntryNotFound");
  EXPECT_EQ(missing.headers.at("X-Repo-Commit"), CommitOf(version.name()));
  EXPECT_EQ(ErrorCode(Ask("/api/models/alice/sql/tree/main/none")), "EntryNotFound");
  EXPECT_EQ(Ask("/nothing").status, 404);
  EXPECT_EQ(Ask("/api/models/alice/sql", {}, "PUT").status, 405);
}

TEST_F(HubHandlerTest, KeepsLineFeedsOutOfHeaders) {
  PublishAdapter();
  const HttpResponse response = Ask("/alice/sql/resolve/main/a%0d%0aSet-Cookie:%20b");
  EXPECT_EQ(response.status, 404);
  for (const auto& [name, value] : response.headers) {
    EXPECT_EQ(value.find_first_of("\r\n"), std::string::npos) << name;
  }
}

TEST_F(HubHandlerTest, ListsATree) {
  PublishAdapter();
  const auto top = AskJson("/api/models/alice/sql/tree/main");
  ASSERT_EQ(top.size(), 4);
  EXPECT_EQ(top[2]["lfs"]["oid"], Sha256Hex(Weights()));
  const std::string deep = GitTreeOid({{"x.txt", GitBlobOid("x"), false}});
  EXPECT_EQ(top[3], (nlohmann::json{{"type", "directory"},
                                    {"path", "sub"},
                                    {"size", 0},
                                    {"oid", GitTreeOid({{"deep", deep, true}})}}));
  EXPECT_EQ(AskJson("/api/models/alice/sql/tree/main?recursive=true").size(), 6);
  const auto below = AskJson("/api/models/alice/sql/tree/main/sub/deep");
  ASSERT_EQ(below.size(), 1);
  EXPECT_EQ(below[0]["path"], "sub/deep/x.txt");
}

TEST_F(HubHandlerTest, PagesThroughATree) {
  PublishMany("models/a/b", 2500);
  const std::string tree = "/api/models/a/b/tree/main";
  std::vector<int> lengths;
  const auto all = AskPages(tree + "?recursive=true&expand=false", &lengths);
  EXPECT_THAT(lengths, ElementsAre(1000, 1000, 501));
  EXPECT_EQ(all[1]["path"], "folder");
  EXPECT_EQ(all.back()["path"], "folder/999");
  EXPECT_EQ(all[1]["oid"], AskJson(tree)[1]["oid"]);
  lengths.clear();
  EXPECT_EQ(AskPages(tree + "/folder?limit=999", &lengths).size(), 2499u);
  EXPECT_THAT(lengths, ElementsAre(999, 999, 501));
  EXPECT_EQ(AskJson(tree).size(), 2u);
}

TEST_F(HubHandlerTest, RefusesPagesOfAnotherTree) {
  PublishMany("models/a/b", 10);
  const std::string tree = "/api/models/a/b/tree/main";
  const std::string next = NextOf(Ask(tree + "?limit=3&recursive=true"));
  EXPECT_EQ(Ask(next).status, 200);
  const std::string cursor = next.substr(next.find("cursor="));
  EXPECT_EQ(Ask(absl::StrCat(tree, "?recursive=true&", cursor)).status, 200);
  EXPECT_EQ(Ask(absl::StrCat(tree, "?", cursor)).status, 400);
  EXPECT_EQ(Ask(absl::StrCat(tree, "/folder?recursive=true&", cursor)).status, 400);
  EXPECT_EQ(Ask(tree + "?cursor=bad").status, 400);
  EXPECT_EQ(Ask(tree + "?limit=0").status, 400);
}

TEST_F(HubHandlerTest, TellsOfPathsAndLeavesOutUnknownOnes) {
  PublishAdapter();
  const std::string target = "/api/models/alice/sql/paths-info/main";
  for (const auto& [type, body] :
       {std::pair("application/x-www-form-urlencoded", "paths=README.md&paths=no&paths=sub"),
        std::pair("application/json", R"({"paths": ["README.md", "no", "sub"]})")}) {
    const auto items = nlohmann::json::parse(
        BodyOf(Ask(target, {{"content-type", type}}, "POST", body)), nullptr, false);
    ASSERT_EQ(items.size(), 2) << type;
    EXPECT_EQ(items[0]["oid"], GitBlobOid("---\nbase_model: org/b\n---\n"));
    EXPECT_EQ(items[1]["type"], "directory");
  }
  EXPECT_EQ(Ask(target, {{"content-type", "application/json"}}, "POST", "[[[[").status, 400);
}

TEST_F(HubHandlerTest, ListsWhatIsAskedFor) {
  PublishAdapter();
  clock_.Advance(absl::Seconds(1));
  PublishFiles("models/Org/Base", {{"config.json", "{}"}});
  clock_.Advance(absl::Seconds(1));
  PublishFiles("models/bob/base-2", {{"config.json", "{}"}});
  PublishFiles("datasets/bob/rows", {{"rows.jsonl", "{}"}});
  EXPECT_THAT(Ids(AskJson("/api/models")), ElementsAre("bob/base-2", "Org/Base", "alice/sql"));
  EXPECT_THAT(Ids(AskJson("/api/models?search=BASE&sort=createdAt&direction=1")),
              ElementsAre("Org/Base", "bob/base-2"));
  EXPECT_THAT(Ids(AskJson("/api/models?filter=peft&filter=safetensors")), ElementsAre("alice/sql"));
  EXPECT_THAT(Ids(AskJson("/api/models?filter=peft&filter=gguf")), IsEmpty());
  EXPECT_THAT(Ids(AskJson("/api/models?author=bob")), ElementsAre("bob/base-2"));
  EXPECT_THAT(Ids(AskJson("/api/datasets")), ElementsAre("bob/rows"));
  EXPECT_THAT(Ids(AskJson("/api/spaces")), IsEmpty());
  EXPECT_EQ(Ask("/api/models?limit=x").status, 400);
  EXPECT_EQ(Ask("/api/models?sort=color").status, 400);
}

TEST_F(HubHandlerTest, ListsNameFilesOnlyWhenAsked) {
  PublishAdapter();
  EXPECT_FALSE(AskJson("/api/models")[0].contains("siblings"));
  for (const char* const query :
       {"full=true", "full=True", "expand=siblings", "expand[]=siblings"}) {
    const auto item = AskJson(absl::StrCat("/api/models?", query))[0];
    ASSERT_EQ(item["siblings"].size(), 4u) << query;
    EXPECT_EQ(item["siblings"][0], (nlohmann::json{{"rfilename", "README.md"}})) << query;
  }
}

TEST_F(HubHandlerTest, EndsAPageOfAListWhenItNamesManyFiles) {
  for (const auto& [name, files] : {std::pair("e", 10'000), std::pair("d", 1),
                                    std::pair("c", 10'000), std::pair("b", 1), std::pair("a", 1)}) {
    PublishMany(absl::StrCat("models/a/", name), files);
    clock_.Advance(absl::Seconds(1));
  }
  std::vector<int> lengths;
  const std::vector<std::string> ids = Ids(AskPages("/api/models?full=true", &lengths));
  EXPECT_THAT(ids, ElementsAre("a/a", "a/b", "a/c", "a/d", "a/e"));
  EXPECT_THAT(lengths, ElementsAre(3, 2));
  lengths.clear();
  EXPECT_EQ(AskPages("/api/models", &lengths).size(), 5u);
  EXPECT_THAT(lengths, ElementsAre(5));
}

TEST_F(HubHandlerTest, EndsAPageOfAListWhenItIsLong) {
  const std::string card = absl::StrCat("---\ntext: ", std::string(60'000, 'x'), "\n---\n");
  for (int i = 0; i < 80; ++i) PublishFiles(absl::StrCat("models/a/m", i), {{"README.md", card}});
  std::vector<int> lengths;
  EXPECT_EQ(AskPages("/api/models", &lengths).size(), 80u);
  EXPECT_EQ(lengths.size(), 2u);  // 4.8 MB of text.
}

TEST_F(HubHandlerTest, PagesThroughAList) {
  for (int i = 0; i < 5; ++i) {
    PublishFiles(absl::StrCat("models/a/m", i), {{"f", "1"}});  // All at the same time.
  }
  std::string target = "/api/models?limit=2&search=m";
  std::vector<std::string> ids;
  for (int page = 0; page < 3; ++page) {
    const HttpResponse response = Ask(target);
    for (const auto& item : nlohmann::json::parse(BodyOf(response))) ids.push_back(item["id"]);
    if (page == 2) {
      EXPECT_EQ(response.headers.count("Link"), 0);
      break;
    }
    ASSERT_EQ(response.headers.count("Link"), 1);
    const std::string link = response.headers.at("Link");
    EXPECT_THAT(link, HasSubstr("<http://hub:7081/api/models?"));
    target = link.substr(16, link.find('>') - 16);
  }
  EXPECT_THAT(ids, ElementsAre("a/m4", "a/m3", "a/m2", "a/m1", "a/m0"));
  EXPECT_EQ(Ask("/api/models?cursor=bad").status, 400);
}

TEST_F(HubHandlerTest, ReturnsOnlyWhatIsExpanded) {
  PublishAdapter();
  const auto info = AskJson("/api/models/alice/sql?expand=sha&expand=private");
  EXPECT_EQ(info.size(), 4);
  EXPECT_TRUE(info.contains("sha"));
}

TEST_F(HubHandlerTest, SendsAFileAndParts) {
  const v1::Version version = PublishAdapter();
  const std::string target = "/alice/sql/resolve/main/adapter_model.safetensors";
  const HttpResponse whole = Ask(target);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(BodyOf(whole), Weights());
  EXPECT_EQ(whole.headers.at("ETag"), absl::StrCat("\"", Sha256Hex(Weights()), "\""));
  EXPECT_EQ(whole.headers.at("X-Repo-Commit"), CommitOf(version.name()));
  const HttpResponse part = Ask(target, {{"range", "bytes=12-"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.headers.at("Content-Range"), "bytes 12-16/17");
  EXPECT_EQ(BodyOf(part), "ights");
  EXPECT_EQ(BodyOf(Ask(target, {{"range", "bytes=-3"}})), "hts");
  const HttpResponse outside = Ask(target, {{"range", "bytes=17-"}});
  EXPECT_EQ(outside.status, 416);
  EXPECT_EQ(outside.headers.at("Content-Range"), "bytes */17");
  EXPECT_EQ(BodyOf(Ask(target, {{"range", "bytes=2-"}, {"if-range", "\"other\""}})), Weights());
}

TEST_F(HubHandlerTest, SaysWhenAFileIsUnchanged) {
  PublishAdapter();
  const std::string target = "/alice/sql/resolve/main/adapter_config.json";
  const std::string etag = Ask(target).headers.at("ETag");
  EXPECT_EQ(etag, absl::StrCat("\"", GitBlobOid(kAdapterConfig), "\""));
  EXPECT_EQ(Ask(target, {{"if-none-match", etag}}).status, 304);
  EXPECT_EQ(Ask(target, {{"if-none-match", "\"other\""}}).status, 200);
}

TEST_F(HubHandlerTest, PrefersTheAdapterOfTwoWithOneName) {
  PublishFiles("models/a/b", {{"config.json", "{}"}});
  const v1::Version adapter =
      PublishFiles("adapters/a/b", {{"adapter_config.json", kAdapterConfig}});
  EXPECT_EQ(AskJson("/api/models/a/b")["sha"], CommitOf(adapter.name()));
}

}  // namespace
}  // namespace ropewalk
