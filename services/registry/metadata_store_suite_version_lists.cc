#include <cmath>
#include <limits>
#include <map>

#include "services/registry/metadata_store_suite.h"

// MetadataStoreSuite: lists of versions.

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTiny[] = "models/org/tiny";

TEST_P(MetadataStoreSuite, ListsVersionsFromTheNewestInPages) {
  for (const char id : {'1', '2', '3', '4', '5'}) Put(kTiny, id, MadeAt('9' - id));
  VersionQuery query = AllVersions();
  EXPECT_THAT(List(query),
              ElementsAre("org/tiny 5", "org/tiny 4", "org/tiny 3", "org/tiny 2", "org/tiny 1"));
  query.limit = 2;
  std::string pages;
  for (bool more = true; more;) {
    const auto page = store_->ListVersions(query);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Version& version : page->versions) pages += version.name().back();
    pages += '|';
    more = page->more;
    query.before = page->last;
  }
  EXPECT_EQ(pages, "54|32|1|");
  query.before = 0;
  query.limit = 5;
  EXPECT_FALSE(store_->ListVersions(query)->more);
  ASSERT_TRUE(store_->DeleteVersion(kTiny, Id('1')).ok());
  Put(kTiny, '1');
  EXPECT_EQ(List(query).front(), "org/tiny 1");
}

TEST_P(MetadataStoreSuite, GoesOnWhereAPageEndedWhateverChangedSince) {
  for (const char id : {'1', '2', '3'}) Put(kTiny, id);
  VersionQuery query = AllVersions();
  query.limit = 1;
  const auto first = store_->ListVersions(query);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(store_->DeleteVersion(kTiny, Id('2')).ok());
  Put(kTiny, '4');
  query.before = first->last;
  query.limit = 10;
  EXPECT_THAT(List(query), ElementsAre("org/tiny 1"));
}

TEST_P(MetadataStoreSuite, NarrowsVersionsByWhereTheyAre) {
  v1::Version tagged = MadeAt(1);
  tagged.add_tags("stable");
  Put(kTiny, 'a', tagged);
  Put("models/org/tiny2", 'b');
  Put("adapters/org/tiny", 'c', tagged);
  VersionQuery query = AllVersions();
  query.kind = "models";
  EXPECT_THAT(List(query), ElementsAre("org/tiny2 b", "org/tiny a"));
  query.tag = "stable";
  EXPECT_THAT(List(query), ElementsAre("org/tiny a"));
  query.tag = "STABLE";
  EXPECT_THAT(List(query), IsEmpty());
  query = AllVersions();
  query.repository = "adapters/org/tiny";
  EXPECT_THAT(List(query), ElementsAre("org/tiny c"));
  query.repository = "adapters/org/none";
  EXPECT_THAT(List(query), IsEmpty());
}

TEST_P(MetadataStoreSuite, NarrowsVersionsByTheirLineage) {
  v1::Version lora = MadeAt(1), full = MadeAt(1);
  lora.mutable_lineage()->set_method("lora");
  lora.mutable_lineage()->set_base_model_digest(Id('1'));
  full.mutable_lineage()->set_method("full");
  full.mutable_lineage()->set_base_model_digest(Id('1'));
  Put(kTiny, 'a', lora);
  Put(kTiny, 'b', full);
  Put(kTiny, 'c');
  VersionQuery query = AllVersions();
  query.base_model_digest = Id('1');
  EXPECT_THAT(List(query), ElementsAre("org/tiny b", "org/tiny a"));
  query.method = "lora";
  EXPECT_THAT(List(query), ElementsAre("org/tiny a"));
  query.base_model_digest = Id('2');
  EXPECT_THAT(List(query), IsEmpty());
}

TEST_P(MetadataStoreSuite, NarrowsVersionsByAMetric) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::map<char, double> values = {{'1', 0.1},          {'2', std::nextafter(0.1, 1)},
                                         {'3', -1e300},       {'4', kInfinity},
                                         {'5', std::nan("")}, {'6', 5e-324}};
  for (const auto& [id, value] : values) {
    v1::Version contents = MadeAt(1);
    (*contents.mutable_lineage()->mutable_metrics())["loss"] = value;
    Put("models/org/m", id, contents);
  }
  Put("models/org/m", '7');
  const auto matching = [this](const std::string& name, const std::string& comparison,
                               double value) {
    VersionQuery query = AllVersions();
    query.metric = MetricFilter{name, comparison, value};
    return List(query);
  };
  EXPECT_THAT(matching("loss", "==", 0.1), ElementsAre("org/m 1"));
  EXPECT_THAT(matching("loss", ">", 0.1), ElementsAre("org/m 4", "org/m 2"));
  EXPECT_THAT(matching("loss", ">=", 0.1), ElementsAre("org/m 4", "org/m 2", "org/m 1"));
  EXPECT_THAT(matching("loss", "<", 0.1), ElementsAre("org/m 6", "org/m 3"));
  EXPECT_THAT(matching("loss", "<=", 0.1), ElementsAre("org/m 6", "org/m 3", "org/m 1"));
  EXPECT_THAT(matching("loss", "<=", 0), ElementsAre("org/m 3"));
  EXPECT_THAT(matching("LOSS", ">", -1e308), IsEmpty());
}

TEST_P(MetadataStoreSuite, NarrowsVersionsToWhoMaySeeThem) {
  for (const char* const name : {"models/alice/a", "models/bob/b", "models/carol/c"}) {
    Put(name, name[7]);
  }
  ASSERT_TRUE(store_->SetVisibility("models/bob/b", v1::VISIBILITY_PUBLIC).ok());
  VersionQuery query = AllVersions();
  query.visible_to.emplace();
  EXPECT_THAT(List(query), ElementsAre("bob/b b"));
  query.visible_to = {"alice", "dave"};
  EXPECT_THAT(List(query), ElementsAre("bob/b b", "alice/a a"));
  query.visible_to = {"Alice"};
  EXPECT_THAT(List(query), ElementsAre("bob/b b"));
}

TEST_P(MetadataStoreSuite, FindsNoVersionByBytesThatAreNoText) {
  v1::Version contents = MadeAt(1);
  contents.mutable_lineage()->set_method("lora");
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  for (const std::string& bytes : {std::string("\xff"), std::string("lora\0", 5)}) {
    VersionQuery query = AllVersions();
    query.method = bytes;
    EXPECT_THAT(List(query), IsEmpty());
    query = AllVersions();
    query.tag = bytes;
    EXPECT_THAT(List(query), IsEmpty());
    query = AllVersions();
    query.base_model_digest = bytes;
    EXPECT_THAT(List(query), IsEmpty());
  }
}

}  // namespace
}  // namespace ropewalk
