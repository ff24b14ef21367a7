#include "services/common/version_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/common/files.h"
#include "services/common/sha256.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::Version TwoFiles() {
  v1::Version version;
  version.set_name("models/a/b/versions/1");
  for (const char* path : {"config.json", "sub/weights"}) {
    v1::File* file = version.add_files();
    file->set_path(path);
    file->set_digest(Sha256Hex(path));
    file->set_size_bytes(std::string(path).size());
  }
  return version;
}

// Every file holds its own path.
absl::Status WritePath(const v1::File& file, const std::string& path) {
  return WriteFileAtomically(path, file.path());
}

absl::Status Refuse(const v1::File&, const std::string&) { return absl::DataLossError("broken"); }

TEST(VersionFolder, HoldsAllFiles) {
  const TemporaryFolder parent;
  ASSERT_TRUE(MakeVersionFolder(TwoFiles(), parent.path("cache/x/"), WritePath).ok());
  EXPECT_THAT(*ListFilesBelow(parent.path()),
              ElementsAre("cache/x/config.json", "cache/x/sub/weights"));
}

TEST(VersionFolder, IsFetchedOnce) {
  const TemporaryFolder parent;
  ASSERT_TRUE(MakeVersionFolder(TwoFiles(), parent.path("x"), WritePath).ok());
  EXPECT_TRUE(MakeVersionFolder(TwoFiles(), parent.path("x"), Refuse).ok());
}

TEST(VersionFolder, IsAbsentWhenAFileFails) {
  const TemporaryFolder parent;
  const FetchFile second_fails = [](const v1::File& file, const std::string& path) {
    return file.path() == "config.json" ? WritePath(file, path) : Refuse(file, path);
  };
  EXPECT_TRUE(absl::IsDataLoss(MakeVersionFolder(TwoFiles(), parent.path("x"), second_fails)));
  EXPECT_THAT(*ListFilesBelow(parent.path()), IsEmpty());
}

TEST(VersionFolder, TakesAnEmptyFolderButNoOther) {
  const TemporaryFolder parent;
  ASSERT_TRUE(MakeFolders(parent.path("empty")).ok());
  EXPECT_TRUE(MakeVersionFolder(TwoFiles(), parent.path("empty"), WritePath).ok());
  ASSERT_TRUE(MakeFolders(parent.path("full")).ok());
  ASSERT_TRUE(WriteFileAtomically(parent.path("full/mine"), "").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(MakeVersionFolder(TwoFiles(), parent.path("full"), WritePath)));
  EXPECT_THAT(*ListFilesBelow(parent.path("full")), ElementsAre("mine"));
}

TEST(VersionFolder, SweepsWhatACrashLeftBehind) {
  const TemporaryFolder parent;
  ASSERT_TRUE(MakeFolders(parent.path("x.partial-1-0")).ok());
  ASSERT_TRUE(WriteFileAtomically(parent.path("x.partial-1-0/half"), "").ok());
  ASSERT_TRUE(MakeVersionFolder(TwoFiles(), parent.path("x"), WritePath).ok());
  EXPECT_THAT(*ListFilesBelow(parent.path()), ElementsAre("x/config.json", "x/sub/weights"));
}

TEST(VersionFolder, NeverLeavesItsPlace) {
  const TemporaryFolder parent;
  v1::Version version = TwoFiles();
  version.mutable_files(0)->set_path("../outside");
  EXPECT_TRUE(absl::IsInvalidArgument(MakeVersionFolder(version, parent.path("x"), WritePath)));
  EXPECT_THAT(*ListFilesBelow(parent.path()), IsEmpty());
}

}  // namespace
}  // namespace ropewalk
