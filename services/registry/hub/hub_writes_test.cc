#include "services/registry/hub/hub_writes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HubWritesTest : public HubFixture {
 protected:
  HttpResponse Send(const std::string& method, const std::string& target,
                    const nlohmann::json& body) {
    return Ask(target, {{"content-type", "application/json"}}, method, body.dump());
  }

  void CreateRepo(const std::string& organization, const std::string& name) {
    EXPECT_EQ(
        Send("POST", "/api/repos/create", {{"organization", organization}, {"name", name}}).status,
        200);
  }

  static std::string FileLine(const std::string& path, const std::string& bytes) {
    return nlohmann::json{
               {"key", "file"},
               {"value",
                {{"content", absl::Base64Escape(bytes)}, {"path", path}, {"encoding", "base64"}}}}
               .dump() +
           "\n";
  }

  static std::string DeleteLine(const std::string& key, const std::string& path) {
    return nlohmann::json{{"key", key}, {"value", {{"path", path}}}}.dump() + "\n";
  }

  HttpResponse Commit(const std::string& id, const std::string& lines,
                      const std::string& parent = "", const std::string& branch = "main") {
    nlohmann::json header{{"key", "header"}, {"value", {{"summary", "s"}, {"description", ""}}}};
    if (!parent.empty()) header["value"]["parentCommit"] = parent;
    return Ask(absl::StrCat("/api/models/", id, "/commit/", branch), {}, "POST",
               absl::StrCat(header.dump(), "\n", lines));
  }

  std::string CommitOk(const std::string& id, const std::string& lines) {
    const HttpResponse response = Commit(id, lines);
    EXPECT_EQ(response.status, 200) << BodyOf(response);
    return JsonOf(response).value("commitOid", "");
  }

  std::vector<std::string> Paths(const std::string& id, const std::string& revision = "main") {
    const auto info = AskJson(absl::StrCat("/api/models/", id, "/revision/", revision));
    std::vector<std::string> paths;
    for (const auto& item : info["siblings"]) paths.push_back(item["rfilename"]);
    return paths;
  }
};

TEST_F(HubWritesTest, MakesARepositoryOnce) {
  const nlohmann::json body{{"organization", "bob"}, {"name", "X"}, {"private", true}};
  const HttpResponse made = Send("POST", "/api/repos/create", body);
  EXPECT_EQ(made.status, 200);
  EXPECT_EQ(JsonOf(made)["url"], "http://hub:7081/bob/X");
  const HttpResponse again = Send("POST", "/api/repos/create", body);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(JsonOf(again)["url"], "http://hub:7081/bob/X");
  EXPECT_THAT(Paths("bob/X"), IsEmpty());
  EXPECT_EQ(Send("POST", "/api/repos/create", {{"organization", ".."}, {"name", "X"}}).status, 400);
  EXPECT_EQ(Send("POST", "/api/repos/create", {{"name", "X"}, {"type", "space"}}).status, 400);
  EXPECT_EQ(Send("POST", "/api/repos/create", {{"name", 5}}).status, 400);
}

TEST_F(HubWritesTest, CommitsFilesAndDeletions) {
  CreateRepo("bob", "x");
  const std::string first = CommitOk(
      "bob/x", FileLine("a.txt", "A") + FileLine("sub/b.txt", "B") + FileLine("sub/c/d", "D"));
  EXPECT_THAT(Paths("bob/x"), ElementsAre("a.txt", "sub/b.txt", "sub/c/d"));
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/sub/b.txt")), "B");
  CommitOk("bob/x", FileLine("a.txt", "A2") + DeleteLine("deletedFolder", "sub/c/") +
                        DeleteLine("deletedFile", "sub/b.txt"));
  EXPECT_THAT(Paths("bob/x"), ElementsAre("a.txt"));
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/a.txt")), "A2");
  EXPECT_EQ(BodyOf(Ask(absl::StrCat("/bob/x/resolve/", first, "/a.txt"))), "A");
}

TEST_F(HubWritesTest, RepeatingACommitIsTheSameCommit) {
  CreateRepo("bob", "x");
  const std::string lines = FileLine("a.txt", "A");
  EXPECT_EQ(CommitOk("bob/x", lines), CommitOk("bob/x", lines));
}

TEST_F(HubWritesTest, RefusesACommitOnAnOldParent) {
  CreateRepo("bob", "x");
  const std::string first = CommitOk("bob/x", FileLine("a.txt", "A"));
  CommitOk("bob/x", FileLine("a.txt", "B"));
  EXPECT_EQ(Commit("bob/x", FileLine("a.txt", "C"), first).status, 412);
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/a.txt")), "B");
}

TEST_F(HubWritesTest, RefusesPathsThatLeadElsewhere) {
  CreateRepo("bob", "x");
  for (const char* const path : {"../a", "/a", "a/../b", "a//b", "", ".", "a\\b", "a\nb"}) {
    EXPECT_EQ(Commit("bob/x", FileLine(path, "A")).status, 400) << path;
  }
  EXPECT_EQ(Commit("bob/x", FileLine("a", "A") + FileLine("a/b", "B")).status, 400);
  EXPECT_EQ(Commit("bob/x", "").status, 400);
  EXPECT_EQ(Commit("bob/x", "nonsense\n").status, 400);
  EXPECT_EQ(Commit("bob/x", R"({"key": "file", "value": {"path": "a"}})").status, 400);
  EXPECT_EQ(Commit("bob/none", FileLine("a", "A")).status, 404);
  EXPECT_THAT(Paths("bob/x"), IsEmpty());
}

TEST_F(HubWritesTest, ACommitKeepsWhatIsSaidOfItFirst) {
  CreateRepo("bob", "x");
  CommitOk("bob/x", FileLine("a", "A"));
  EXPECT_EQ(Ask("/api/models/bob/x/commit/main", {}, "POST",
                R"({"key": "header", "value": {"summary": "later", "description": "d"}})"
                "\n" +
                    FileLine("a", "A"))
                .status,
            200);
  const nlohmann::json commits = AskJson("/api/models/bob/x/commits/main");
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0]["title"], "s");
  EXPECT_EQ(commits[0]["authors"][0]["user"], "anonymous");
}

TEST_F(HubWritesTest, AnAdapterIsFoundAmongAdapters) {
  CreateRepo("bob", "x");
  CommitOk("bob/x", FileLine("notes.txt", "n"));
  CommitOk("bob/x", FileLine("adapter_config.json", kAdapterConfig));
  EXPECT_THAT(Paths("bob/x"), ElementsAre("adapter_config.json", "notes.txt"));
  EXPECT_TRUE(registry_->GetRepository("adapters/bob/x").ok());
  EXPECT_TRUE(absl::IsNotFound(registry_->GetRepository("models/bob/x").status()));
}

// Its base is gone, so the version cannot be made.
TEST_F(HubWritesTest, ACommitThatFailsLeavesAModelAmongModels) {
  const v1::Version base = Publish("models/org/base", "b");
  v1::CreateVersionRequest request = Request("models/bob/x", "weights");
  request.mutable_lineage()->set_base_model(base.name());
  const v1::Version model = Create(request);
  ASSERT_TRUE(Delete(base.name()).ok());
  EXPECT_EQ(Commit("bob/x", FileLine("adapter_config.json", kAdapterConfig)).status, 412);
  EXPECT_EQ(registry_->GetRepository("models/bob/x")->version_count(), 1);
  EXPECT_TRUE(Get(model.name()).ok());
  EXPECT_TRUE(absl::IsNotFound(registry_->GetRepository("adapters/bob/x").status()));
}

TEST_F(HubWritesTest, AContentBelongsToItsLineOnly) {
  CreateRepo("bob", "x");
  const std::string file = R"({"key": "file", "value": {"path": "a", "encoding": "base64"}})";
  for (const char* const before :
       {R"({"key": "header", "value": {"content": "eA=="}})",
        R"({"key": "deletedFile", "value": {"path": "b", "content": "eA=="}})"}) {
    EXPECT_EQ(Commit("bob/x", absl::StrCat(before, "\n", file)).status, 400) << before;
  }
  EXPECT_EQ(Commit("bob/x", absl::StrCat(FileLine("b", "x"), file)).status, 400);
  EXPECT_THAT(Paths("bob/x"), IsEmpty());
}

TEST_F(HubWritesTest, TakesContentsWithEscapes) {
  CreateRepo("bob", "x");
  CommitOk("bob/x", R"({"key": "file", "value": {"content": "eA\u003d\u003d", "path": "a"}})");
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/a")), "x");
}

TEST_F(HubWritesTest, LimitsWhatABodyHolds) {
  CreateRepo("bob", "x");
  const auto with_values = [](int count) {
    nlohmann::json body{{"tag", "v1"},
                        {"name", "y"},
                        {"content", ""},
                        {"operation", "upload"},
                        {"objects", nlohmann::json::array()},
                        {"files", nlohmann::json::array()}};
    for (int i = 0; i < count; ++i) body["more"].push_back(nlohmann::json::object());
    return body;
  };
  for (const auto& [target, most] :
       {std::pair("/api/repos/create", 10'000), std::pair("/api/validate-yaml", 10'000),
        std::pair("/bob/x.git/info/lfs/objects/batch", 10'000),
        std::pair("/api/models/bob/x/preupload/main", 50'000)}) {
    EXPECT_EQ(Send("POST", target, with_values(most / 2 - 20)).status, 200) << target;
    EXPECT_EQ(Send("POST", target, with_values(most)).status, 400) << target;
  }
  EXPECT_EQ(Send("POST", "/api/models/bob/x/preupload/main",
                 {{"files", {{{"path", std::string(5 << 20, 'a')}, {"size", 1}}}}})
                .status,
            413);
  EXPECT_EQ(Send("POST", "/api/models/bob/x/tag/main", {{"tag", std::string(2 << 20, 'a')}}).status,
            413);
}

TEST_F(HubWritesTest, AsksAboutAThousandFilesAtATime) {
  CreateRepo("bob", "x");
  nlohmann::json body{{"files", nlohmann::json::array()}};
  for (int i = 0; i < 1000; ++i) {
    body["files"].push_back({{"path", absl::StrCat("folder/file-", i)},
                             {"sample", std::string(684, 'A')},
                             {"size", 512}});
  }
  const HttpResponse response = Send("POST", "/api/models/bob/x/preupload/main", body);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(JsonOf(response)["files"].size(), 1000u);
}

TEST_F(HubWritesTest, RefusesFoldersWithoutEnd) {
  CreateRepo("bob", "x");
  std::string deep = "f";
  for (int i = 0; i < 64; ++i) deep = "d/" + deep;
  const HttpResponse response = Commit("bob/x", FileLine(deep, "A"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(BodyOf(response), HasSubstr("more than 64 parts"));
  CommitOk("bob/x", FileLine(deep.substr(2), "A"));
}

TEST_F(HubWritesTest, TakesLargeFilesByLfs) {
  CreateRepo("bob", "x");
  const std::string bytes = "weights", oid = Sha256Hex(bytes);
  const nlohmann::json batch{
      {"operation", "upload"},
      {"objects", nlohmann::json::array({{{"oid", oid}, {"size", bytes.size()}}})}};
  const auto answer =
      JsonOf(Send("POST", "/bob/x.git/info/lfs/objects/batch", batch))["objects"][0];
  const std::string href = answer["actions"]["upload"]["href"];
  ASSERT_THAT(href, HasSubstr("http://hub:7081/lfs/objects/"));
  const std::string target = href.substr(std::string("http://hub:7081").size());
  const std::string lfs_line =
      nlohmann::json{
          {"key", "lfsFile"},
          {"value", {{"path", "w.safetensors"}, {"algo", "sha256"}, {"oid", oid}, {"size", 7}}}}
          .dump();
  EXPECT_EQ(Commit("bob/x", lfs_line).status, 412);  // It has not come yet.
  EXPECT_EQ(Ask("/lfs/objects/" + oid + "?size=7", {}, "PUT", bytes).status, 403);
  EXPECT_EQ(Ask(target, {}, "PUT", "weighty").status, 400);
  EXPECT_EQ(Ask(target, {}, "PUT", "weights and more").status, 400);
  EXPECT_EQ(Ask(target, {}, "PUT", bytes).status, 200);
  EXPECT_EQ(Send("POST", "/bob/x.git/info/lfs/verify", {{"oid", oid}, {"size", 7}}).status, 200);
  EXPECT_EQ(Send("POST", "/bob/x.git/info/lfs/verify", {{"oid", oid}, {"size", 8}}).status, 404);
  EXPECT_EQ(Commit("bob/x", lfs_line).status, 200);
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/w.safetensors")), bytes);
  const auto again = JsonOf(Send("POST", "/bob/x.git/info/lfs/objects/batch", batch));
  EXPECT_FALSE(again["objects"][0].contains("actions"));
}

TEST_F(HubWritesTest, AnUploadsAddressExpires) {
  CreateRepo("bob", "x");
  const std::string oid = Sha256Hex("weights");
  const auto answer =
      JsonOf(Send("POST", "/bob/x.git/info/lfs/objects/batch",
                  {{"operation", "upload"},
                   {"objects", nlohmann::json::array({{{"oid", oid}, {"size", 7}}})}}));
  const std::string href = answer["objects"][0]["actions"]["upload"]["href"];
  clock_.Advance(absl::Hours(25));
  EXPECT_EQ(Ask(href.substr(std::string("http://hub:7081").size()), {}, "PUT", "weights").status,
            403);
}

TEST_F(HubWritesTest, SaysHowToUploadAndWhatIsThere) {
  CreateRepo("bob", "x");
  CommitOk("bob/x", FileLine("w.safetensors", "w"));
  const nlohmann::json body{
      {"files",
       {{{"path", "w.safetensors"}, {"size", 5}, {"sample", ""}}, {{"path", "n"}, {"size", 1}}}}};
  const std::string target = "/api/models/bob/x/preupload/main";
  const auto old_files =
      JsonOf(Ask(target, {{"user-agent", "unknown/None; hf_hub/1.19.0; python/3.11"}}, "POST",
                 body.dump()))["files"];
  EXPECT_EQ(old_files[0]["uploadMode"], "lfs");
  EXPECT_EQ(old_files[0]["oid"], Sha256Hex("w"));
  EXPECT_EQ(old_files[1]["uploadMode"], "regular");
  EXPECT_FALSE(old_files[1].contains("oid"));
  const auto new_files = JsonOf(
      Ask(target, {{"user-agent", "unknown/None; hf_hub/1.28.0"}}, "POST", body.dump()))["files"];
  EXPECT_EQ(new_files[0]["uploadMode"], "regular");
  EXPECT_EQ(new_files[0]["oid"], GitBlobOid("w"));
}

TEST_F(HubWritesTest, TagsAndBranches) {
  CreateRepo("bob", "x");
  const std::string first = CommitOk("bob/x", FileLine("a", "1"));
  const std::string api = "/api/models/bob/x";
  EXPECT_EQ(Send("POST", api + "/tag/main", {{"tag", "v1"}}).status, 200);
  EXPECT_EQ(Send("POST", api + "/tag/main", {{"tag", "v1"}}).status, 409);
  EXPECT_EQ(Send("POST", api + "/tag/main", {{"tag", "../v1"}}).status, 400);
  EXPECT_EQ(Send("POST", api + "/branch/dev", nlohmann::json::object()).status, 200);
  EXPECT_EQ(Send("POST", api + "/branch/dev", nlohmann::json::object()).status, 409);
  EXPECT_EQ(Commit("bob/x", FileLine("a", "2"), "", "dev").status, 200);
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/dev/a")), "2");
  EXPECT_EQ(BodyOf(Ask("/bob/x/resolve/main/a")), "1");
  EXPECT_EQ(Commit("bob/x", FileLine("a", "3"), "", "v1").status, 412);
  EXPECT_EQ(Commit("bob/x", FileLine("a", "3"), "", "none").status, 404);
  const auto refs = AskJson(api + "/refs");
  EXPECT_EQ(refs["branches"].size(), 2);
  EXPECT_EQ(refs["tags"][0]["targetCommit"], first);
  EXPECT_EQ(Send("DELETE", api + "/tag/dev", nlohmann::json::object()).status, 404);
  EXPECT_EQ(Send("DELETE", api + "/branch/dev", nlohmann::json::object()).status, 200);
  EXPECT_EQ(Send("DELETE", api + "/tag/v1", nlohmann::json::object()).status, 200);
  EXPECT_EQ(Send("DELETE", api + "/branch/main", nlohmann::json::object()).status, 400);
  EXPECT_EQ(Ask(api + "/revision/v1").status, 404);
}

TEST_F(HubWritesTest, AProtectedMainTakesNoCommits) {
  const v1::Version version = Publish("models/bob/x", "A");
  ASSERT_TRUE(SetTag("models/bob/x/tags/latest", version.name(), /*is_protected=*/true).ok());
  EXPECT_EQ(Commit("bob/x", FileLine("a", "2")).status, 412);
  EXPECT_EQ(Send("DELETE", "/api/repos/delete", {{"organization", "bob"}, {"name", "x"}}).status,
            412);
}

TEST_F(HubWritesTest, MovesAndDeletesARepository) {
  CreateRepo("bob", "x");
  CreateRepo("bob", "taken");
  const std::string oid = CommitOk("bob/x", FileLine("a", "1"));
  const auto move = [&](const char* from, const char* to) {
    return Send("POST", "/api/repos/move", {{"fromRepo", from}, {"toRepo", to}, {"type", "model"}})
        .status;
  };
  EXPECT_EQ(move("bob/x", "bob/taken"), 409);
  EXPECT_EQ(move("bob/none", "bob/y"), 404);
  EXPECT_EQ(move("bob/x", "carol/Y"), 200);
  EXPECT_EQ(Ask("/api/models/bob/x").status, 404);
  EXPECT_EQ(AskJson("/api/models/carol/Y")["sha"], oid);
  const nlohmann::json name{{"organization", "carol"}, {"name", "Y"}};
  EXPECT_EQ(Send("DELETE", "/api/repos/delete", name).status, 200);
  EXPECT_EQ(Send("DELETE", "/api/repos/delete", name).status, 404);
}

TEST_F(HubWritesTest, ValidatesACard) {
  const auto errors = [&](const char* content) {
    const HttpResponse response = Send("POST", "/api/validate-yaml", {{"content", content}});
    const size_t count = JsonOf(response)["errors"].size();
    EXPECT_EQ(response.status, count == 0 ? 200 : 400);
    return count;
  };
  EXPECT_EQ(errors("---\nlicense: mit\n---\n"), 0);
  EXPECT_EQ(errors("# no card"), 0);
  EXPECT_EQ(errors("---\n- a\n---\n"), 1);
  const std::string large = absl::StrCat("---\na: ", std::string(70'000, 'b'), "\n---\n");
  EXPECT_THAT(BodyOf(Send("POST", "/api/validate-yaml", {{"content", large}})),
              HasSubstr("does not end within 65536 bytes"));
}

TEST_F(HubWritesTest, ACardThatIsTooLargeLabelsNothing) {
  CreateRepo("bob", "x");
  const auto labels = [&] { return AskJson("/api/models/bob/x")["tags"].size(); };
  CommitOk("bob/x", FileLine("README.md", "---\ntags: [sql]\n---\n"));
  EXPECT_EQ(labels(), 1u);
  CommitOk("bob/x", FileLine("README.md", absl::StrCat("---\ntags: [sql]\n#",
                                                       std::string(70'000, 'b'), "\n---\n")));
  EXPECT_EQ(labels(), 0u);
}

}  // namespace
}  // namespace ropewalk
