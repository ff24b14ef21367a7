#include "services/common/sqlite_database.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace {

std::atomic<bool> syncs_fail = false;

}  // namespace

// Takes the place of the C library's, also for SQLite.
extern "C" int fdatasync(int file) {
  if (!syncs_fail) return static_cast<int>(syscall(SYS_fdatasync, file));
  errno = EIO;
  return -1;
}

namespace ropewalk {
namespace {

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  SqliteDatabaseTest() {
    absl::StatusOr<SqliteDatabase> database = SqliteDatabase::Open(folder_.path("a.db"));
    if (!database.ok()) return;
    database_ = std::make_unique<SqliteDatabase>(*std::move(database));
    EXPECT_EQ(database_->Execute("CREATE TABLE words(word TEXT)"), absl::OkStatus());
  }
  ~SqliteDatabaseTest() override { syncs_fail = false; }

  absl::Status Add(const std::string& word) {
    return database_->Prepare("INSERT INTO words VALUES(?)").Bind(word).Run();
  }

  static absl::StatusOr<int64_t> Count(SqliteDatabase* database) {
    SqliteStatement count = database->Prepare("SELECT COUNT(*) FROM words");
    const absl::StatusOr<bool> row = count.Step();
    if (!row.ok()) return row.status();
    return count.Int(0);
  }

  // What a process would find that opened the files as they are now.
  absl::StatusOr<int64_t> CountAfterCrash() {
    for (const char* const end : {"", "-wal"}) {
      std::filesystem::copy_file(folder_.path(std::string("a.db") + end),
                                 folder_.path(std::string("copy.db") + end),
                                 std::filesystem::copy_options::overwrite_existing);
    }
    absl::StatusOr<SqliteDatabase> copy = SqliteDatabase::Open(folder_.path("copy.db"));
    if (!copy.ok()) return copy.status();
    return Count(&*copy);
  }

  const TemporaryFolder folder_;
  std::unique_ptr<SqliteDatabase> database_;
};

TEST_F(SqliteDatabaseTest, KeepsWhatItSaidToBeKept) {
  ASSERT_NE(database_, nullptr);
  ASSERT_EQ(Add("rope"), absl::OkStatus());
  EXPECT_EQ(CountAfterCrash().value(), 1);
}

TEST_F(SqliteDatabaseTest, AChangeWhoseSyncFailedDoesNotComeBack) {
  ASSERT_NE(database_, nullptr);
  ASSERT_EQ(Add("rope"), absl::OkStatus());
  syncs_fail = true;
  EXPECT_EQ(Add("walk").code(), absl::StatusCode::kUnavailable);
  syncs_fail = false;
  EXPECT_EQ(Count(database_.get()).value(), 1);
  EXPECT_EQ(CountAfterCrash().value(), 1);
}

TEST_F(SqliteDatabaseTest, AnswersNothingWhileAChangeIsInDoubt) {
  ASSERT_NE(database_, nullptr);
  syncs_fail = true;
  EXPECT_EQ(Add("walk").code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Count(database_.get()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(database_->Execute("BEGIN IMMEDIATE").code(), absl::StatusCode::kUnavailable);
  syncs_fail = false;
  EXPECT_EQ(Add("rope"), absl::OkStatus());
  EXPECT_EQ(Count(database_.get()).value(), 1);
  EXPECT_EQ(CountAfterCrash().value(), 1);
}

TEST_F(SqliteDatabaseTest, SaysWhichFileItCannotOpen) {
  const absl::Status status = SqliteDatabase::Open(folder_.path("absent/a.db")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_NE(std::string(status.message()).find("absent/a.db"), std::string::npos) << status;
}

}  // namespace
}  // namespace ropewalk
