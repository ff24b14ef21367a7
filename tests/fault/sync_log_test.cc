#include "tests/fault/sync_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

// A file FILE in the folder FOLDER.
class SyncLogTest : public testing::Test {
 protected:
  SyncLogTest() { std::ofstream(file_) << "x"; }

  void Append(const std::string& lines) {
    struct stat info;
    stat(file_.c_str(), &info);
    std::ofstream log(folder_.path("log"), std::ios::app);
    log << absl::StrReplaceAll(
        lines,
        {{"FILE", absl::StrCat(info.st_ino)}, {"FOLDER", "999999999"}, {"ABOVE", "999999998"}});
  }

  absl::Status Check() { return log_.CheckSafe(file_); }

  TemporaryFolder folder_;
  const std::string file_ = folder_.path("file");
  SyncLog log_{folder_.path("log")};
};

TEST_F(SyncLogTest, IsContentWithAFileSyncedBeforeAndItsFoldersAfter) {
  Append("mkdir FOLDER ABOVE\nsync ABOVE ok\nsync FILE ok\nrename FILE FOLDER\nsync FOLDER ok\n");
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(SyncLogTest, TakesANameForGivenByAProcessThatWasKilledMeanwhile) {
  Append("sync FILE ok\nrenaming FILE FOLDER\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
  Append("sync FOLDER ok\n");
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(SyncLogTest, CountsNoSyncOfTheFolderWhileTheFileGetsItsName) {
  Append("sync FILE ok\nrenaming FILE FOLDER\nsync FOLDER ok\nrename FILE FOLDER\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
}

TEST_F(SyncLogTest, MissesASyncOfTheFile) {
  Append("rename FILE FOLDER\nsync FILE ok\nsync FOLDER ok\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
}

TEST_F(SyncLogTest, MissesASyncThatFailed) {
  Append("sync FILE ok\nsync FILE failed\nrename FILE FOLDER\nsync FOLDER ok\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
}

TEST_F(SyncLogTest, MissesASyncOfTheFolder) {
  Append("sync FOLDER ok\nsync FILE ok\nrename FILE FOLDER\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
  Append("sync FOLDER ok\n");
  EXPECT_TRUE(Check().ok()) << Check();
}

TEST_F(SyncLogTest, MissesASyncOfTheFolderAbove) {
  Append("sync ABOVE ok\nmkdir FOLDER ABOVE\nsync FILE ok\nrename FILE FOLDER\nsync FOLDER ok\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
}

TEST_F(SyncLogTest, DoesNotCountTheSyncsOfAnEarlierFileWithTheSameInode) {
  Append("sync FILE ok\nrename FILE FOLDER\nsync FOLDER ok\nrename FILE FOLDER\nsync FOLDER ok\n");
  EXPECT_TRUE(absl::IsDataLoss(Check())) << Check();
}

TEST_F(SyncLogTest, DoesNotKnowAFileThatNobodyRenamed) {
  Append("sync FILE ok\nsync FOLDER o");
  EXPECT_TRUE(absl::IsNotFound(Check())) << Check();
}

}  // namespace
}  // namespace ropewalk
