#include "absl/strings/str_cat.h"
#include "services/registry/metadata_store_suite.h"

// MetadataStoreSuite: repositories, tags and access tokens.

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTiny[] = "models/org/tiny";

TEST_P(MetadataStoreSuite, CreatesARepositoryOnce) {
  Create(kTiny, 5);
  const v1::Repository repository = GetRepository(kTiny);
  EXPECT_EQ(repository.name(), kTiny);
  EXPECT_EQ(repository.create_time().seconds(), 5);
  EXPECT_EQ(repository.update_time().seconds(), 5);
  EXPECT_EQ(repository.version_count(), 0);
  EXPECT_EQ(repository.visibility(), v1::VISIBILITY_PRIVATE);
  EXPECT_TRUE(absl::IsAlreadyExists(store_->CreateRepository(kTiny, Seconds(6))));
  Put("models/org/put", 'a');
  EXPECT_TRUE(absl::IsAlreadyExists(store_->CreateRepository("models/org/put", Seconds(6))));
  EXPECT_TRUE(absl::IsNotFound(store_->GetRepository("models/org/other").status()));
  EXPECT_EQ(GetRepository(kTiny).update_time().seconds(), 5);
}

TEST_P(MetadataStoreSuite, KnowsARepositorysTagsAndTimes) {
  Put(kTiny, 'a', MadeAt(10));
  Put(kTiny, 'b', MadeAt(7));
  ASSERT_TRUE(Tag(kTiny, "stable", 'a', /*is_protected=*/true, /*branch=*/false, 20).ok());
  ASSERT_TRUE(Tag(kTiny, "Dev", 'b', /*is_protected=*/false, /*branch=*/true, 15).ok());
  const v1::Repository repository = GetRepository(kTiny);
  EXPECT_EQ(repository.version_count(), 2);
  EXPECT_EQ(repository.create_time().seconds(), 10);
  EXPECT_EQ(repository.update_time().seconds(), 20);
  ASSERT_EQ(repository.tags_size(), 2);
  EXPECT_EQ(repository.tags(0).name(), absl::StrCat(kTiny, "/tags/Dev"));
  EXPECT_EQ(repository.tags(0).version(), absl::StrCat(kTiny, "/versions/", Id('b')));
  EXPECT_TRUE(repository.tags(0).branch());
  EXPECT_FALSE(repository.tags(0).protected_());
  EXPECT_EQ(repository.tags(0).update_time().seconds(), 15);
  EXPECT_EQ(repository.tags(1).name(), absl::StrCat(kTiny, "/tags/stable"));
  EXPECT_TRUE(repository.tags(1).protected_());
  EXPECT_FALSE(repository.tags(1).branch());
}

TEST_P(MetadataStoreSuite, KnowsWhatIsImmutable) {
  Put(kTiny, 'a');
  v1::Tag tag;
  tag.set_version(absl::StrCat(kTiny, "/versions/", Id('a')));
  tag.set_immutable(true);
  ASSERT_TRUE(store_->PutTag(kTiny, "v1", tag).ok());
  ASSERT_TRUE(Tag(kTiny, "v2", 'a').ok());
  EXPECT_TRUE(store_->GetTag(kTiny, "v1")->immutable());
  EXPECT_FALSE(store_->GetTag(kTiny, "v2")->immutable());
  EXPECT_TRUE(GetRepository(kTiny).tags(0).immutable());
  EXPECT_FALSE(GetRepository(kTiny).tags(1).immutable());
}

TEST_P(MetadataStoreSuite, MovesARepositoryWithAllThatIsInIt) {
  v1::Version contents = MadeAt(3);
  contents.add_labels("peft");
  Put(kTiny, 'a', contents);
  ASSERT_TRUE(Tag(kTiny, "latest", 'a', /*is_protected=*/true, /*branch=*/true, 9).ok());
  ASSERT_TRUE(store_->SetVisibility(kTiny, v1::VISIBILITY_PUBLIC).ok());
  constexpr char kMoved[] = "adapters/Bob/Small";
  ASSERT_TRUE(store_->MoveRepository(kTiny, kMoved).ok());

  EXPECT_TRUE(absl::IsNotFound(store_->GetRepository(kTiny).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetVersion(kTiny, Id('a')).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag(kTiny, "latest").status()));
  EXPECT_THAT(Get(kMoved, 'a').tags(), ElementsAre("latest"));
  const auto tag = store_->GetTag(kMoved, "latest");
  ASSERT_TRUE(tag.ok()) << tag.status();
  EXPECT_EQ(tag->version(), absl::StrCat(kMoved, "/versions/", Id('a')));
  EXPECT_TRUE(tag->protected_() && tag->branch());
  const v1::Repository repository = GetRepository(kMoved);
  EXPECT_EQ(repository.version_count(), 1);
  EXPECT_EQ(repository.create_time().seconds(), 3);
  EXPECT_EQ(repository.update_time().seconds(), 9);
  EXPECT_EQ(repository.visibility(), v1::VISIBILITY_PUBLIC);
  VersionQuery versions = AllVersions();
  versions.kind = "adapters";
  EXPECT_THAT(List(versions), ElementsAre("Bob/Small a"));
  RepositoryQuery query = AllRepositories();
  query.kinds = {"adapters"};
  query.name_space = "Bob";
  query.search = "bob/small";
  query.labels = {"peft"};
  EXPECT_THAT(List(query), ElementsAre(kMoved));
}

TEST_P(MetadataStoreSuite, MovesNothingOntoAnother) {
  Put(kTiny, 'a');
  Create("models/org/empty");
  EXPECT_TRUE(absl::IsNotFound(store_->MoveRepository("models/org/none", "models/org/new")));
  EXPECT_TRUE(absl::IsAlreadyExists(store_->MoveRepository("models/org/empty", kTiny)));
  EXPECT_TRUE(absl::IsAlreadyExists(store_->MoveRepository(kTiny, "models/org/empty")));
  EXPECT_TRUE(absl::IsAlreadyExists(store_->MoveRepository(kTiny, kTiny)));
  EXPECT_THAT(List(AllRepositories()), ElementsAre("models/org/empty", kTiny));
}

TEST_P(MetadataStoreSuite, DeletesARepositoryWithAllThatIsInIt) {
  v1::Version contents = MadeAt(1);
  v1::File* file = contents.add_files();
  file->set_path("a");
  file->set_digest(Id('1'));
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  Create("models/org/empty");
  ASSERT_TRUE(store_->DeleteRepository(kTiny).ok());
  ASSERT_TRUE(store_->DeleteRepository("models/org/empty").ok());
  EXPECT_TRUE(absl::IsNotFound(store_->DeleteRepository(kTiny)));
  EXPECT_THAT(List(AllRepositories()), IsEmpty());
  EXPECT_THAT(List(AllVersions()), IsEmpty());
  EXPECT_FALSE(*store_->IsReferenced(Id('1')));
  Create(kTiny);
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag(kTiny, "latest").status()));
}

TEST_P(MetadataStoreSuite, MakesAndChangesTags) {
  Put(kTiny, 'a');
  Put(kTiny, 'b');
  ASSERT_TRUE(Tag(kTiny, "stable", 'a', /*is_protected=*/true, /*branch=*/true, 8).ok());
  auto tag = store_->GetTag(kTiny, "stable");
  ASSERT_TRUE(tag.ok()) << tag.status();
  EXPECT_EQ(tag->name(), absl::StrCat(kTiny, "/tags/stable"));
  EXPECT_EQ(tag->version(), absl::StrCat(kTiny, "/versions/", Id('a')));
  EXPECT_TRUE(tag->protected_() && tag->branch());
  EXPECT_EQ(tag->update_time().seconds(), 8);
  ASSERT_TRUE(Tag(kTiny, "stable", 'b', /*is_protected=*/false, /*branch=*/false, 6).ok());
  tag = store_->GetTag(kTiny, "stable");
  EXPECT_EQ(tag->version(), absl::StrCat(kTiny, "/versions/", Id('b')));
  EXPECT_FALSE(tag->protected_() || tag->branch());
  EXPECT_EQ(tag->update_time().seconds(), 6);
  EXPECT_EQ(GetRepository(kTiny).update_time().seconds(), 8);
}

TEST_P(MetadataStoreSuite, HasNoTagWithoutAVersion) {
  Put(kTiny, 'a');
  EXPECT_TRUE(absl::IsNotFound(Tag(kTiny, "stable", 'b')));
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag(kTiny, "stable").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->DeleteTag(kTiny, "stable")));
  EXPECT_TRUE(absl::IsInvalidArgument(store_->PutTag(kTiny, "stable", v1::Tag())));
  ASSERT_TRUE(Tag(kTiny, "stable", 'a').ok());
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag("models/org/other", "stable").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->DeleteTag("models/org/other", "stable")));
  ASSERT_TRUE(store_->DeleteTag(kTiny, "stable").ok());
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag(kTiny, "stable").status()));
  EXPECT_THAT(Get(kTiny, 'a').tags(), IsEmpty());
}

TEST_P(MetadataStoreSuite, KeepsTokensByNameAndHash) {
  v1::AccessToken token;
  token.set_name("tokens/b");
  token.set_user("bob");
  token.add_namespaces("team");
  ASSERT_TRUE(store_->AddToken("hash-b", token).ok());
  token.set_name("tokens/B");
  ASSERT_TRUE(store_->AddToken("hash-B", token).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(store_->AddToken("hash-c", token)));
  token.set_name("tokens/c");
  EXPECT_TRUE(absl::IsAlreadyExists(store_->AddToken("hash-b", token)));

  const auto found = store_->FindToken("hash-b");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->name(), "tokens/b");
  EXPECT_THAT(found->namespaces(), ElementsAre("team"));
  const auto tokens = store_->ListTokens();
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_EQ(tokens->size(), 2);
  EXPECT_EQ((*tokens)[0].name(), "tokens/B");
  EXPECT_EQ((*tokens)[1].name(), "tokens/b");

  ASSERT_TRUE(store_->DeleteToken("tokens/b").ok());
  EXPECT_TRUE(absl::IsNotFound(store_->DeleteToken("tokens/b")));
  EXPECT_TRUE(absl::IsNotFound(store_->FindToken("hash-b").status()));
  EXPECT_EQ(store_->ListTokens()->size(), 1);
}

}  // namespace
}  // namespace ropewalk
