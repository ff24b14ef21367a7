#include "services/common/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <thread>

#include "services/common/output_file.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Files, GiveBackWhatWasWritten) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n\xff", 5);
  ASSERT_TRUE(WriteFileAtomically(folder.path("x"), "old").ok());
  ASSERT_TRUE(WriteFileAtomically(folder.path("x"), bytes).ok());
  EXPECT_EQ(*ReadFile(folder.path("x")), bytes);
  EXPECT_THAT(*ListFilesBelow(folder.path()), ElementsAre("x"));
}

TEST(Files, SayWhichIsMissing) {
  const absl::Status status = ReadFile("/no/such/file").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(status.message(), HasSubstr("/no/such/file"));
  EXPECT_TRUE(absl::IsNotFound(ListFilesBelow("/no/such/folder").status()));
  EXPECT_TRUE(absl::IsNotFound(WriteFileAtomically("/no/such/folder/file", "x")));
}

TEST(Files, AreListedInByteOrder) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder.path("b/c")).ok());
  for (const char* name : {"b/c/1", "b-", "a", "b/0"}) {
    ASSERT_TRUE(WriteFileAtomically(folder.path(name), name).ok());
  }
  std::filesystem::create_symlink(folder.path("a"), folder.path("link"));
  EXPECT_THAT(*ListFilesBelow(folder.path()), ElementsAre("a", "b-", "b/0", "b/c/1", "link"));
}

TEST(Files, AreListedWhileFoldersComeAndGo) {
  const TemporaryFolder folder;
  std::atomic<bool> stop = false;
  std::thread others([&] {
    while (!stop) {
      std::filesystem::create_directories(folder.path("a/b"));
      std::filesystem::remove_all(folder.path("a"));
    }
  });
  for (int i = 0; i < 2000; ++i) {
    const auto files = ListFilesBelow(folder.path());
    EXPECT_TRUE(files.ok()) << files.status();
  }
  stop = true;
  others.join();
}

TEST(Files, LeaveTheOldBytesWhenWritingFails) {
  const TemporaryFolder folder;
  ASSERT_TRUE(MakeFolders(folder.path("taken/inside")).ok());
  EXPECT_FALSE(WriteFileAtomically(folder.path("taken"), "x").ok());
  EXPECT_THAT(*ListFilesBelow(folder.path()), IsEmpty());
}

TEST(Files, NameAFullDiskAndWhatToDo) {
  const absl::Status status = FileError(ENOSPC, "cannot write x");
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(status.message(), HasSubstr("make room"));
}

TEST(OutputFile, WritesToAFullDeviceFail) {
  absl::StatusOr<OutputFile> full = OutputFile::OpenToAppend("/dev/full");
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_TRUE(absl::IsResourceExhausted(full->Append("x")));
}

TEST(OutputFile, GoesOnOrStartsAfresh) {
  const TemporaryFolder folder;
  const std::string path = folder.path("x");
  ASSERT_TRUE(OutputFile::Create(path)->Append("one").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(OutputFile::Create(path).status()));
  ASSERT_TRUE(OutputFile::OpenToAppend(path)->Append("two").ok());
  EXPECT_EQ(*ReadFile(path), "onetwo");
  ASSERT_TRUE(OutputFile::OpenEmpty(path)->SyncAndClose().ok());
  EXPECT_EQ(*ReadFile(path), "");
}

}  // namespace
}  // namespace ropewalk
