#include "services/registry/hub/file_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/folder_oids.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Version VersionOf(const std::set<std::string>& paths) {
  v1::Version version;
  for (const std::string& path : paths) version.add_files()->set_path(path);
  return version;
}

std::vector<std::string> Positions(const std::vector<TreeEntry>& entries) {
  std::vector<std::string> positions;
  for (const TreeEntry& entry : entries) positions.push_back(entry.position());
  return positions;
}

std::vector<std::string> List(const v1::Version& version, const std::string& folder,
                              bool recursive) {
  return Positions(ListTree(version, {folder, recursive, "", 1'000'000}));
}

// Page by page.
std::vector<std::string> ListPaged(const v1::Version& version, TreeQuery query) {
  std::vector<std::string> all;
  while (true) {
    const std::vector<std::string> page = Positions(ListTree(version, query));
    if (page.empty()) return all;
    EXPECT_LE(page.size(), query.limit);
    all.insert(all.end(), page.begin(), page.end());
    query.after = page.back();
  }
}

// What there is, by the paths alone.
std::vector<std::string> Expected(const v1::Version& version, const std::string& folder,
                                  bool recursive) {
  const std::string prefix = folder.empty() ? "" : folder + "/";
  std::set<std::string> positions;
  for (const v1::File& file : version.files()) {
    const std::string& path = file.path();
    if (!absl::StartsWith(path, prefix)) continue;
    positions.insert(path);
    for (size_t i = prefix.size(); i < path.size(); ++i) {
      if (path[i] == '/') positions.insert(path.substr(0, i + 1));
    }
  }
  std::vector<std::string> expected;
  for (const std::string& position : positions) {
    const size_t slash = position.find('/', prefix.size());
    const bool further_below = slash != std::string::npos && slash + 1 < position.size();
    if (recursive || !further_below) expected.push_back(position);
  }
  return expected;
}

// With names that git and a plain order put in different places.
v1::Version RandomVersion(std::mt19937* random) {
  static constexpr const char* kNames[] = {"a", "a.b", "a-", "a0", "b", "\xc3\xa9"};
  std::set<std::string> paths;
  for (int i = 0; i < 30; ++i) {
    std::string path;
    for (int depth = (*random)() % 4; depth > 0; --depth) {
      absl::StrAppend(&path, kNames[(*random)() % 6], "/");
    }
    paths.insert(absl::StrCat(path, "f", kNames[(*random)() % 6]));
  }
  return VersionOf(paths);
}

TEST(FileTree, ListsWhatIsInAFolder) {
  const v1::Version version = VersionOf({"a/b/c", "a/b/d/e", "a.txt", "a0", "z/y"});
  EXPECT_THAT(List(version, "", false), ElementsAre("a.txt", "a/", "a0", "z/"));
  EXPECT_THAT(List(version, "", true),
              ElementsAre("a.txt", "a/", "a/b/", "a/b/c", "a/b/d/", "a/b/d/e", "a0", "z/", "z/y"));
  EXPECT_THAT(List(version, "a", false), ElementsAre("a/b/"));
  EXPECT_THAT(List(version, "a/b", true), ElementsAre("a/b/c", "a/b/d/", "a/b/d/e"));
  EXPECT_THAT(List(version, "none", true), IsEmpty());
  EXPECT_THAT(List(v1::Version(), "", true), IsEmpty());
  EXPECT_TRUE(HasFolder(version, "a/b"));
  EXPECT_FALSE(HasFolder(version, "a.txt"));
  EXPECT_FALSE(HasFolder(version, ""));
  EXPECT_NE(FindFile(version, "a/b/c"), nullptr);
  EXPECT_EQ(FindFile(version, "a/b"), nullptr);
}

TEST(FileTree, GivesEachEntryOnceInPagesOfAnyLength) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const v1::Version version = RandomVersion(&random);
    for (const char* const folder : {"", "a", "a/b", "b"}) {
      for (const bool recursive : {false, true}) {
        const std::vector<std::string> expected = Expected(version, folder, recursive);
        for (const size_t limit : {1, 2, 3, 7, 1000}) {
          EXPECT_EQ(ListPaged(version, {folder, recursive, "", limit}), expected)
              << round << " " << folder << " " << recursive << " " << limit;
        }
      }
    }
  }
}

// As when the branch has moved between two pages.
TEST(FileTree, GoesOnAfterWhatIsNotThereAnyMore) {
  const v1::Version version = VersionOf({"a/x", "b/x", "c"});
  EXPECT_THAT(Positions(ListTree(version, {"", true, "a/y/z", 10})), ElementsAre("b/", "b/x", "c"));
  EXPECT_THAT(Positions(ListTree(version, {"b", true, "a/x", 10})), ElementsAre("b/x"));
  EXPECT_THAT(Positions(ListTree(version, {"", true, "z", 10})), IsEmpty());
}

TEST(FolderOids, AreThoseOfGit) {
  const v1::Version version = VersionOf({"a/b/c", "a/d", "a.txt"});
  const auto file_oid = [](const v1::File& file) -> absl::StatusOr<std::string> {
    return GitBlobOid(file.path());
  };
  const auto oids = FolderOids(version, {"a/b", "a"}, file_oid);
  ASSERT_TRUE(oids.ok()) << oids.status();
  const std::string below = GitTreeOid({{"c", GitBlobOid("a/b/c"), false}});
  EXPECT_EQ(oids->at("a/b"), below);
  EXPECT_EQ(oids->at("a"), GitTreeOid({{"b", below, true}, {"d", GitBlobOid("a/d"), false}}));
  EXPECT_EQ(oids->size(), 2u);
}

// Each folder was named anew for each one above it: 64 levels took 64 times as long.
TEST(FolderOids, NameEachFileOnceHoweverDeepItIs) {
  std::set<std::string> paths;
  std::vector<std::string> folders;
  std::string folder;
  for (int i = 0; i < 64; ++i) {
    absl::StrAppend(&folder, i > 0 ? "/" : "", "d");
    folders.push_back(folder);
    paths.insert(folder + "/f");
  }
  std::reverse(folders.begin(), folders.end());
  std::map<std::string, int> named;
  const auto oids = FolderOids(VersionOf(paths), folders,
                               [&](const v1::File& file) -> absl::StatusOr<std::string> {
                                 ++named[file.path()];
                                 return GitBlobOid("x");
                               });
  ASSERT_TRUE(oids.ok()) << oids.status();
  EXPECT_EQ(oids->size(), 64u);
  EXPECT_EQ(named.size(), 64u);
  for (const auto& [path, times] : named) EXPECT_EQ(times, 1) << path;
}

TEST(FolderOids, PassErrorsOn) {
  const auto oids = FolderOids(VersionOf({"a/b/c"}), {"a"}, [](const v1::File&) {
    return absl::StatusOr<std::string>(absl::DataLossError("the disk"));
  });
  EXPECT_TRUE(absl::IsDataLoss(oids.status()));
}

}  // namespace
}  // namespace ropewalk
