#include "absl/strings/str_cat.h"
#include "services/registry/metadata_store_suite.h"

// MetadataStoreSuite: versions and what they are made of.

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTiny[] = "models/org/tiny";

void AddFile(const std::string& path, const std::string& digest, v1::Version* version) {
  v1::File* file = version->add_files();
  file->set_path(path);
  file->set_digest(digest);
  file->set_size_bytes(static_cast<int64_t>(path.size()));
}

std::vector<std::string> PathsOf(const v1::Version& version) {
  std::vector<std::string> paths;
  for (const v1::File& file : version.files()) paths.push_back(file.path());
  return paths;
}

TEST_P(MetadataStoreSuite, KeepsAVersionWhole) {
  v1::Version contents = MadeAt(1234567890);
  contents.mutable_create_time()->set_nanos(123'456'789);
  contents.set_total_bytes(int64_t{1} << 40);
  AddFile("model.safetensors", Id('1'), &contents);
  AddFile("config.json", Id('2'), &contents);
  contents.add_labels("peft");
  contents.add_labels("lora");
  contents.add_labels("peft");
  contents.add_tags("stable");
  contents.add_tags("latest");
  v1::Lineage* lineage = contents.mutable_lineage();
  lineage->set_base_model_digest(Id('b'));
  lineage->set_method("lora");
  (*lineage->mutable_metrics())["exact_match"] = 0.1;
  Put(kTiny, 'a', contents);

  const v1::Version version = Get(kTiny, 'a');
  EXPECT_EQ(version.name(), absl::StrCat(kTiny, "/versions/", Id('a')));
  EXPECT_EQ(version.create_time().seconds(), 1234567890);
  EXPECT_EQ(version.create_time().nanos(), 123'456'000);
  EXPECT_EQ(version.total_bytes(), int64_t{1} << 40);
  EXPECT_THAT(PathsOf(version), ElementsAre("config.json", "model.safetensors"));
  EXPECT_EQ(version.files(0).digest(), Id('2'));
  EXPECT_EQ(version.files(0).size_bytes(), 11);
  EXPECT_THAT(version.labels(), ElementsAre("lora", "peft"));
  EXPECT_THAT(version.tags(), ElementsAre("latest", "stable"));
  EXPECT_EQ(version.lineage().SerializeAsString(), lineage->SerializeAsString());
}

TEST_P(MetadataStoreSuite, OrdersFilesByTheirBytes) {
  v1::Version contents = MadeAt(1);
  const std::vector<std::string> ordered = {
      "A.json",         "B.json",   "_x",      "a b.json", "a'b\"c.json", "a,b{}.json",
      "a.json",         "a/b.json", "ab.json", "b.json",   "\u00e4.json", "\u65e5\u672c.json",
      "\U0001f600.json"};
  for (auto path = ordered.rbegin(); path != ordered.rend(); ++path) {
    AddFile(*path, Id('1'), &contents);
  }
  Put(kTiny, 'a', contents);
  EXPECT_THAT(PathsOf(Get(kTiny, 'a')), ElementsAreArray(ordered));
}

TEST_P(MetadataStoreSuite, KeepsThousandsOfFiles) {
  constexpr int kFiles = 5000;
  v1::Version contents = MadeAt(1);
  for (int i = 0; i < kFiles; ++i) AddFile(absl::StrCat("part-", i), Id('1'), &contents);
  Put(kTiny, 'a', contents);
  EXPECT_EQ(Get(kTiny, 'a').files_size(), kFiles);
  EXPECT_EQ(store_->ListVersions(AllVersions())->versions[0].files_size(), kFiles);
}

// They come from a file that its author may have written in any encoding.
TEST_P(MetadataStoreSuite, KeepsLabelsOfAnyBytes) {
  v1::Version contents = MadeAt(1);
  const std::string latin =
                        "fran\xe7"
                        "ais",
                    zero("a\0b", 3), plain = "a\\x61,\"{}'";
  for (const std::string& label : {latin, zero, plain}) contents.add_labels(label);
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  EXPECT_THAT(Get(kTiny, 'a').labels(), ElementsAre(zero, plain, latin));
  for (const std::string& label : {latin, zero, plain}) {
    RepositoryQuery query = AllRepositories();
    query.labels = {label};
    EXPECT_THAT(List(query), ElementsAre(kTiny)) << label;
  }
  RepositoryQuery query = AllRepositories();
  query.labels = {"a"};
  EXPECT_THAT(List(query), IsEmpty());
}

TEST_P(MetadataStoreSuite, HasOnlyWhatWasPut) {
  Put(kTiny, 'a');
  const absl::Status missing = store_->GetVersion(kTiny, Id('b')).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_THAT(missing.message(), HasSubstr(Id('b')));
  EXPECT_TRUE(absl::IsNotFound(store_->GetVersion("models/org/Tiny", Id('a')).status()));
}

TEST_P(MetadataStoreSuite, FindsAVersionByABeginningThatOnlyItHas) {
  const std::string other = std::string(63, 'a') + "b";
  for (const std::string& id : {Id('a'), other, Id('f')}) {
    ASSERT_TRUE(store_->PutVersion(kTiny, id, MadeAt(1)).ok());
  }
  EXPECT_EQ(store_->FindVersion(kTiny, other)->name(), absl::StrCat(kTiny, "/versions/", other));
  EXPECT_EQ(store_->FindVersion(kTiny, "f")->name(), absl::StrCat(kTiny, "/versions/", Id('f')));
  for (const char* const prefix : {"aaaaaaa", "b", "0", "A", "%", "_", "f%", ""}) {
    EXPECT_TRUE(absl::IsNotFound(store_->FindVersion(kTiny, prefix).status())) << prefix;
  }
  EXPECT_TRUE(absl::IsNotFound(store_->FindVersion("models/org/other", "f").status()));
}

TEST_P(MetadataStoreSuite, PutsAVersionOnceAndItsTagsEachTime) {
  v1::Version contents = MadeAt(10);
  AddFile("a", Id('1'), &contents);
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  ASSERT_TRUE(Tag(kTiny, "latest", 'a', /*is_protected=*/true, /*branch=*/true, 10).ok());
  Put(kTiny, 'b', MadeAt(11));

  v1::Version again = MadeAt(20);
  AddFile("b", Id('2'), &again);
  again.add_tags("latest");
  again.add_tags("new");
  Put(kTiny, 'b', again);
  const v1::Version version = Get(kTiny, 'b');
  EXPECT_EQ(version.create_time().seconds(), 11);
  EXPECT_THAT(version.files(), IsEmpty());
  EXPECT_THAT(version.tags(), ElementsAre("latest", "new"));
  EXPECT_THAT(Get(kTiny, 'a').tags(), IsEmpty());
  const auto latest = store_->GetTag(kTiny, "latest");
  EXPECT_TRUE(latest->protected_());
  EXPECT_TRUE(latest->branch());
  EXPECT_EQ(latest->update_time().seconds(), 20);
  EXPECT_FALSE(store_->GetTag(kTiny, "new")->protected_());
  EXPECT_FALSE(store_->GetTag(kTiny, "new")->branch());
}

TEST_P(MetadataStoreSuite, KeepsVersionsOfOneIdApart) {
  v1::Version contents = MadeAt(1);
  contents.add_tags("latest");
  Put(kTiny, 'a', contents);
  Put("adapters/org/tiny", 'a', contents);
  ASSERT_TRUE(store_->DeleteVersion(kTiny, Id('a')).ok());
  EXPECT_THAT(Get("adapters/org/tiny", 'a').tags(), ElementsAre("latest"));
}

TEST_P(MetadataStoreSuite, DeletesAVersionWithItsTagsAndTheLastOneWithItsRepository) {
  for (const char id : {'a', 'b'}) {
    v1::Version contents = MadeAt(1);
    AddFile("file", Id(id), &contents);
    contents.add_labels("peft");
    (*contents.mutable_lineage()->mutable_metrics())["loss"] = 1;
    contents.add_tags(std::string("tag-") + id);
    Put(kTiny, id, contents);
  }
  ASSERT_TRUE(store_->DeleteVersion(kTiny, Id('a')).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->GetVersion(kTiny, Id('a')).status()));
  EXPECT_TRUE(absl::IsNotFound(store_->GetTag(kTiny, "tag-a").status()));
  EXPECT_TRUE(absl::IsNotFound(store_->DeleteVersion(kTiny, Id('a'))));
  EXPECT_FALSE(*store_->IsReferenced(Id('a')));
  EXPECT_TRUE(*store_->IsReferenced(Id('b')));
  EXPECT_EQ(GetRepository(kTiny).version_count(), 1);

  ASSERT_TRUE(store_->DeleteVersion(kTiny, Id('b')).ok());
  EXPECT_TRUE(absl::IsNotFound(store_->GetRepository(kTiny).status()));
  EXPECT_THAT(List(AllVersions()), IsEmpty());
}

TEST_P(MetadataStoreSuite, KnowsTheBlobsThatVersionsName) {
  v1::Version contents = MadeAt(1);
  AddFile("a", Id('1'), &contents);
  AddFile("b", Id('1'), &contents);
  Put(kTiny, 'a', contents);
  EXPECT_TRUE(*store_->IsReferenced(Id('1')));
  EXPECT_FALSE(*store_->IsReferenced(Id('2')));
}

TEST_P(MetadataStoreSuite, KnowsHowGitNamesBlobs) {
  EXPECT_EQ(*store_->GetGitOid(Id('1')), "");
  ASSERT_TRUE(store_->PutGitOid(Id('1'), "first").ok());
  ASSERT_TRUE(store_->PutGitOid(Id('1'), "second").ok());
  EXPECT_EQ(*store_->GetGitOid(Id('1')), "second");
  EXPECT_EQ(*store_->GetGitOid(Id('2')), "");
}

}  // namespace
}  // namespace ropewalk
