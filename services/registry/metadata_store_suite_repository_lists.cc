#include "absl/strings/str_cat.h"
#include "services/registry/metadata_store_suite.h"

// MetadataStoreSuite: lists of repositories.

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr char kTiny[] = "models/org/tiny";

TEST_P(MetadataStoreSuite, OrdersRepositoriesByTheBytesOfTheirNames) {
  const std::vector<std::string> ordered = {"adapters/org/z", "models/Org/b",   "models/org/B",
                                            "models/org/a-b", "models/org/a.b", "models/org/a1",
                                            "models/org/a_b", "models/org/ab",  "models/org/b"};
  for (auto name = ordered.rbegin(); name != ordered.rend(); ++name) Create(*name);
  RepositoryQuery query = AllRepositories();
  EXPECT_THAT(List(query), ElementsAreArray(ordered));
  query.descending = true;
  EXPECT_THAT(List(query), ElementsAreArray(ordered.rbegin(), ordered.rend()));
}

TEST_P(MetadataStoreSuite, OrdersRepositoriesByTimeAndThenByName) {
  Create("models/org/b", 10);
  Create("models/org/a", 10);
  Create("models/org/c", 5);
  Put("models/org/c", 'a', MadeAt(20));
  RepositoryQuery query = AllRepositories();
  query.order = RepositoryOrder::kCreateTime;
  EXPECT_THAT(List(query), ElementsAre("models/org/c", "models/org/a", "models/org/b"));
  query.order = RepositoryOrder::kUpdateTime;
  EXPECT_THAT(List(query), ElementsAre("models/org/a", "models/org/b", "models/org/c"));
  query.descending = true;
  EXPECT_THAT(List(query), ElementsAre("models/org/c", "models/org/b", "models/org/a"));
}

TEST_P(MetadataStoreSuite, ListsRepositoriesInPagesInEveryOrder) {
  for (int i = 0; i < 7; ++i) Create(absl::StrCat("models/org/", i), i / 3);
  for (const auto order :
       {RepositoryOrder::kName, RepositoryOrder::kCreateTime, RepositoryOrder::kUpdateTime}) {
    for (const bool descending : {false, true}) {
      RepositoryQuery query = AllRepositories();
      query.order = order;
      query.descending = descending;
      const std::vector<std::string> all = List(query);
      EXPECT_EQ(all.size(), 7);
      query.limit = 2;
      std::vector<std::string> paged;
      for (bool more = true; more;) {
        const auto page = store_->ListRepositories(query);
        ASSERT_TRUE(page.ok()) << page.status();
        for (const v1::Repository& item : page->repositories) paged.push_back(item.name());
        more = page->more;
        query.after = page->repositories.back();
      }
      EXPECT_THAT(paged, ElementsAreArray(all));
    }
  }
}

TEST_P(MetadataStoreSuite, NarrowsRepositoriesByKindAndNamespace) {
  for (const char* const name : {"adapters/alice/x", "datasets/alice/x", "models/bob/x"}) {
    Create(name);
  }
  RepositoryQuery query = AllRepositories();
  query.kinds = {"models", "adapters"};
  EXPECT_THAT(List(query), ElementsAre("adapters/alice/x", "models/bob/x"));
  query.name_space = "alice";
  EXPECT_THAT(List(query), ElementsAre("adapters/alice/x"));
  query.kinds.clear();
  EXPECT_THAT(List(query), ElementsAre("adapters/alice/x", "datasets/alice/x"));
  query.name_space = "Alice";
  EXPECT_THAT(List(query), IsEmpty());
}

TEST_P(MetadataStoreSuite, SearchesForPartsOfNames) {
  for (const char* const name : {"models/Org/Tiny_Llama", "models/org/tinyXllama", "models/a/b"}) {
    Create(name);
  }
  const auto found = [this](const std::string& text) {
    RepositoryQuery query = AllRepositories();
    query.search = text;
    return List(query);
  };
  EXPECT_THAT(found("TINY"), ElementsAre("models/Org/Tiny_Llama", "models/org/tinyXllama"));
  EXPECT_THAT(found("tiny_l"), ElementsAre("models/Org/Tiny_Llama"));
  EXPECT_THAT(found("org/tinyx"), ElementsAre("models/org/tinyXllama"));
  EXPECT_EQ(found("").size(), 3);
  for (const char* const text :
       {"models", "t%y", "%", "tiny?", "\\", "'", "\"", "\xff", "\u00e4"}) {
    EXPECT_THAT(found(text), IsEmpty()) << text;
  }
  EXPECT_THAT(found(std::string("tiny\0", 5)), IsEmpty());
  EXPECT_EQ(found("/").size(), 3);
}

TEST_P(MetadataStoreSuite, NarrowsRepositoriesByTheLabelsOfTheirLatest) {
  v1::Version old = MadeAt(1), young = MadeAt(2);
  old.add_labels("old");
  old.add_labels("peft");
  old.add_tags("latest");
  young.add_labels("young");
  young.add_labels("peft");
  young.add_tags("latest");
  Put(kTiny, 'a', old);
  Put("models/org/other", 'a', old);
  Put(kTiny, 'b', young);
  const auto labelled = [this](const std::vector<std::string>& labels) {
    RepositoryQuery query = AllRepositories();
    query.labels = labels;
    return List(query);
  };
  EXPECT_THAT(labelled({"peft"}), ElementsAre("models/org/other", kTiny));
  EXPECT_THAT(labelled({"young"}), ElementsAre(kTiny));
  EXPECT_THAT(labelled({"old"}), ElementsAre("models/org/other"));
  EXPECT_THAT(labelled({"peft", "young"}), ElementsAre(kTiny));
  EXPECT_THAT(labelled({"old", "young"}), IsEmpty());
}

TEST_P(MetadataStoreSuite, ShowsRepositoriesToWhoMaySeeThem) {
  for (const char* const name : {"models/alice/a", "models/bob/b", "models/carol/c"}) Create(name);
  ASSERT_TRUE(store_->SetVisibility("models/bob/b", v1::VISIBILITY_PUBLIC).ok());
  EXPECT_EQ(GetRepository("models/bob/b").visibility(), v1::VISIBILITY_PUBLIC);
  EXPECT_TRUE(absl::IsNotFound(store_->SetVisibility("models/bob/x", v1::VISIBILITY_PUBLIC)));
  RepositoryQuery query = AllRepositories();
  query.visible_to.emplace();
  EXPECT_THAT(List(query), ElementsAre("models/bob/b"));
  query.visible_to = {"alice", "dave"};
  EXPECT_THAT(List(query), ElementsAre("models/alice/a", "models/bob/b"));
  ASSERT_TRUE(store_->SetVisibility("models/bob/b", v1::VISIBILITY_PRIVATE).ok());
  EXPECT_THAT(List(query), ElementsAre("models/alice/a"));
}

}  // namespace
}  // namespace ropewalk
