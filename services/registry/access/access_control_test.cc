#include "services/registry/access/access_control.h"

#include <gmock/gmock.h>

#include <set>

#include "services/registry/access/token_text.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

class AccessTest : public RegistryFixture {
 protected:
  AccessTest() { SetOptions({.tokens = true}); }

  void SetOptions(const AccessOptions& options) {
    access_ = std::make_unique<AccessControl>(metadata_.get(), &clock_, options);
  }

  v1::CreateTokenResponse Make(const std::string& user, v1::TokenRole role,
                               const std::vector<std::string>& namespaces = {}) {
    v1::CreateTokenRequest request;
    request.set_user(user);
    request.set_role(role);
    request.mutable_namespaces()->Add(namespaces.begin(), namespaces.end());
    auto made = access_->CreateToken(request);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }

  absl::StatusOr<Caller> Authenticate(const v1::CreateTokenResponse& made) {
    return access_->Authenticate("Bearer " + made.text());
  }

  std::unique_ptr<AccessControl> access_;
};

TEST(TokenText, IsOfTheFormThatClientsKnow) {
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.insert(MakeTokenText());
  EXPECT_EQ(texts.size(), 100u);
  for (const std::string& text : texts) {
    EXPECT_EQ(text.size(), 37u);
    EXPECT_THAT(text, MatchesRegex("hf_[A-Za-z0-9]+"));
  }
}

TEST(TokenText, IsReadFromAHeader) {
  EXPECT_EQ(BearerOf("Bearer hf_x"), "hf_x");
  EXPECT_EQ(BearerOf("bearer  hf_x "), "hf_x");
  EXPECT_EQ(BearerOf("Basic aGk="), "");
  EXPECT_EQ(BearerOf(""), "");
}

TEST_F(AccessTest, KnowsACallerByTheirToken) {
  const auto made = Make("alice", v1::TOKEN_ROLE_WRITE, {"team", "alice"});
  const auto caller = Authenticate(made);
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->user(), "alice");
  EXPECT_THAT(*caller->visible_to(), ElementsAre("alice", "team"));
  EXPECT_TRUE(caller->CheckMayWrite("team").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(caller->CheckMayWrite("bob")));
  EXPECT_TRUE(absl::IsPermissionDenied(caller->CheckIsAdmin()));
}

TEST_F(AccessTest, KeepsNoTextOfATokenNorWhatWouldFindIt) {
  const auto made = Make("alice", v1::TOKEN_ROLE_READ);
  const auto tokens = access_->ListTokens();
  ASSERT_TRUE(tokens.ok());
  ASSERT_EQ(tokens->size(), 1u);
  EXPECT_EQ((*tokens)[0].SerializeAsString().find(made.text()), std::string::npos);
  EXPECT_TRUE(absl::IsUnauthenticated(
      access_->Authenticate("Bearer " + (*tokens)[0].name().substr(7)).status()));
}

TEST_F(AccessTest, KnowsTokensAfterARestart) {
  const auto made = Make("alice", v1::TOKEN_ROLE_READ);
  Open();
  SetOptions({.tokens = true});
  EXPECT_TRUE(Authenticate(made).ok());
}

TEST_F(AccessTest, TrustsWhatItKnewForFiveSecondsOnly) {
  const auto made = Make("alice", v1::TOKEN_ROLE_READ);
  ASSERT_TRUE(Authenticate(made).ok());
  ASSERT_TRUE(metadata_->DeleteToken(made.token().name()).ok());  // As another process does.
  clock_.Advance(absl::Seconds(6));
  EXPECT_TRUE(absl::IsUnauthenticated(Authenticate(made).status()));
}

TEST_F(AccessTest, ShowsTheAnonymousNothingUnlessTheyMayRead) {
  EXPECT_TRUE(absl::IsUnauthenticated(access_->Authenticate("")->CheckMayRead()));
  SetOptions({.tokens = true, .anonymous_read = true});
  const auto caller = access_->Authenticate("");
  EXPECT_TRUE(caller->CheckMayRead().ok());
  EXPECT_TRUE(absl::IsUnauthenticated(caller->CheckMayWriteSomewhere()));
  Create(Request("models/bob/m", "bytes"));
  EXPECT_TRUE(absl::IsNotFound(access_->CheckMayRead(*caller, "models/bob/m")));
  ASSERT_TRUE(metadata_->SetVisibility("models/bob/m", v1::VISIBILITY_PUBLIC).ok());
  EXPECT_TRUE(access_->CheckMayRead(*caller, "models/bob/m").ok());
}

TEST_F(AccessTest, LetsEveryoneInWhenItAsksForNoTokens) {
  SetOptions({});
  const auto caller = access_->Authenticate("");
  EXPECT_TRUE(caller->CheckIsAdmin().ok());
  EXPECT_FALSE(caller->visible_to().has_value());
  // Else anyone could make one for the day when tokens are asked for.
  v1::CreateTokenRequest request;
  request.set_user("mallory");
  request.set_role(v1::TOKEN_ROLE_ADMIN);
  EXPECT_TRUE(absl::IsFailedPrecondition(access_->CreateToken(request).status()));
  EXPECT_EQ(access_->MakeFirstToken().value_or("none"), "");
}

TEST_F(AccessTest, MakesAFirstTokenUntilThereIsAnAdmin) {
  const auto first = access_->MakeFirstToken();
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(access_->Authenticate("Bearer " + *first)->CheckIsAdmin().ok());
  EXPECT_EQ(access_->MakeFirstToken().value_or("none"), "");
}

TEST_F(AccessTest, RefusesTokensThatCannotBe) {
  for (const auto& [user, role] :
       std::vector<std::pair<std::string, v1::TokenRole>>{{"", v1::TOKEN_ROLE_READ},
                                                          {"a/b", v1::TOKEN_ROLE_READ},
                                                          {"alice", v1::TOKEN_ROLE_UNSPECIFIED}}) {
    v1::CreateTokenRequest request;
    request.set_user(user);
    request.set_role(role);
    EXPECT_TRUE(absl::IsInvalidArgument(access_->CreateToken(request).status())) << user;
  }
}

}  // namespace
}  // namespace ropewalk
