#include <gmock/gmock.h>

#include "services/registry/hub/hub_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A Hub that asks for tokens, with a private adapter alice/sql.
class HubAccessTest : public HubFixture {
 protected:
  HubAccessTest() {
    PublishAdapter();
    SetAccess({.tokens = true});
    alice_ = TokenOf("alice", v1::TOKEN_ROLE_WRITE);
    bob_ = TokenOf("bob", v1::TOKEN_ROLE_WRITE);
  }

  std::string TokenOf(const std::string& user, v1::TokenRole role) {
    v1::CreateTokenRequest request;
    request.set_user(user);
    request.set_role(role);
    const auto made = access_->CreateToken(request);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->text() : "";
  }

  HttpResponse AskAs(const std::string& token, const std::string& target,
                     const std::string& method = "GET", const nlohmann::json& body = nullptr) {
    std::map<std::string, std::string> headers;
    if (!token.empty()) headers["authorization"] = "Bearer " + token;
    return Ask(target, headers, method, body.is_null() ? "" : body.dump());
  }

  void Publicise() {
    const auto response =
        AskAs(alice_, "/api/models/alice/sql/settings", "PUT", {{"visibility", "public"}});
    ASSERT_EQ(response.status, 200) << BodyOf(response);
  }

  std::string alice_, bob_;
};

TEST_F(HubAccessTest, ShowsAPrivateRepositoryToItsOwnerOnly) {
  for (const char* const target :
       {"/api/models/alice/sql", "/api/models/alice/sql/tree/main", "/api/models/alice/sql/refs",
        "/api/models/alice/sql/commits/main", "/alice/sql/resolve/main/README.md"}) {
    EXPECT_EQ(AskAs(alice_, target).status, 200) << target;
    const HttpResponse to_bob = AskAs(bob_, target);
    EXPECT_EQ(to_bob.status, 404) << target;
    EXPECT_EQ(ErrorCode(to_bob), "RepoNotFound") << target;
    const HttpResponse to_nobody = AskAs("", target);
    EXPECT_EQ(to_nobody.status, 401) << target;
    EXPECT_EQ(ErrorCode(to_nobody), "RepoNotFound") << target;
  }
  EXPECT_EQ(JsonOf(AskAs(alice_, "/api/models/alice/sql"))["private"], true);
  EXPECT_THAT(Ids(JsonOf(AskAs(bob_, "/api/models"))), IsEmpty());
  EXPECT_THAT(Ids(JsonOf(AskAs(alice_, "/api/models"))), ElementsAre("alice/sql"));
}

TEST_F(HubAccessTest, ShowsAPublicOneToAllWhoHaveATokenAndToOthersIfTheyMayRead) {
  Publicise();
  EXPECT_EQ(AskAs(bob_, "/alice/sql/resolve/main/README.md").status, 200);
  EXPECT_EQ(JsonOf(AskAs(bob_, "/api/models/alice/sql"))["private"], false);
  EXPECT_EQ(AskAs("", "/api/models/alice/sql").status, 401);
  EXPECT_EQ(AskAs("", "/api/models").status, 401);
  SetAccess({.tokens = true, .anonymous_read = true});
  EXPECT_EQ(AskAs("", "/api/models/alice/sql").status, 200);
  EXPECT_THAT(Ids(JsonOf(AskAs("", "/api/models"))), ElementsAre("alice/sql"));
}

TEST_F(HubAccessTest, LetsOnlyOwnersWrite) {
  Publicise();
  const nlohmann::json tag{{"tag", "v1"}};
  EXPECT_EQ(AskAs(bob_, "/api/models/alice/sql/tag/main", "POST", tag).status, 403);
  EXPECT_EQ(AskAs("", "/api/models/alice/sql/tag/main", "POST", tag).status, 401);
  EXPECT_EQ(AskAs(bob_, "/api/models/alice/sql/auth-check/write").status, 403);
  EXPECT_EQ(AskAs(bob_, "/api/models/alice/sql/auth-check").status, 200);
  EXPECT_EQ(AskAs(bob_, "/api/models/alice/sql/settings", "PUT", {{"private", true}}).status, 403);
  EXPECT_EQ(AskAs(bob_, "/api/models/alice/sql/commit/main", "POST", {{"key", "x"}}).status, 403);
  EXPECT_EQ(AskAs(alice_, "/api/models/alice/sql/tag/main", "POST", tag).status, 200);
  const std::string read = TokenOf("alice", v1::TOKEN_ROLE_READ);
  EXPECT_EQ(AskAs(read, "/api/models/alice/sql/tag/main", "POST", {{"tag", "v2"}}).status, 403);
}

TEST_F(HubAccessTest, ChecksWhatABodyNames) {
  const nlohmann::json other{{"name", "alice/new"}};
  EXPECT_EQ(AskAs(bob_, "/api/repos/create", "POST", other).status, 403);
  EXPECT_EQ(AskAs(bob_, "/api/repos/delete", "DELETE", {{"name", "alice/sql"}}).status, 403);
  const nlohmann::json theft{{"fromRepo", "alice/sql"}, {"toRepo", "bob/sql"}};
  EXPECT_EQ(AskAs(bob_, "/api/repos/move", "POST", theft).status, 403);
  EXPECT_EQ(AskAs(alice_, "/api/repos/move", "POST", theft).status, 403);
  EXPECT_EQ(AskAs("", "/api/repos/create", "POST", other).status, 401);
}

TEST_F(HubAccessTest, MakesRepositoriesInTheCallersNamespace) {
  const HttpResponse made =
      AskAs(bob_, "/api/repos/create", "POST", {{"name", "x"}, {"private", false}});
  EXPECT_EQ(made.status, 200) << BodyOf(made);
  EXPECT_EQ(JsonOf(AskAs(alice_, "/api/models/bob/x"))["private"], false);
}

TEST_F(HubAccessTest, TellsACallerWhoTheyAre) {
  const nlohmann::json who = JsonOf(AskAs(alice_, "/api/whoami-v2"));
  EXPECT_EQ(who["name"], "alice");
  EXPECT_EQ(who["auth"]["accessToken"]["role"], "write");
  EXPECT_EQ(AskAs("", "/api/whoami-v2").status, 401);
  EXPECT_EQ(AskAs("hf_unknown", "/api/models").status, 401);
}

}  // namespace
}  // namespace ropewalk
