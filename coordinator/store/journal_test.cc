// One suite over the journal's implementations, then what only files can do.
#include "coordinator/store/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>

#include "coordinator/store/fake_journal.h"
#include "coordinator/store/sqlite_journal.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// An empty folder for the length of a test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "journal_test_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string File(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

JobChange Created(int64_t number) {
  JobChange change;
  change.record.number = number;
  change.record.version = 1;
  change.record.last_event = 1;
  change.record.request_id = "request-" + std::to_string(number);
  change.record.request_hash = "hash";
  change.record.job.set_name("jobs/j" + std::to_string(number));
  change.record.job.set_state(v1::JOB_STATE_QUEUED);
  change.events.emplace_back().set_sequence(1);
  return change;
}

JobChange Next(const JobChange& before) {
  JobChange change;
  change.record = before.record;
  ++change.record.version;
  ++change.record.last_event;
  change.record.stop = StopReason::kPause;
  change.record.job.set_state(v1::JOB_STATE_RUNNING);
  change.record.plan.set_generation(7);
  change.record.plan.add_members()->set_incarnation("i");
  change.events.emplace_back().set_sequence(change.record.last_event);
  return change;
}

Changes Of(std::vector<JobChange> jobs) { return {std::move(jobs), {}}; }

class JournalTest : public testing::TestWithParam<bool> {
 protected:
  JournalTest() {
    if (GetParam()) {
      journal_ = *SqliteJournal::Open(folder_.File("journal.db"));
    } else {
      journal_ = std::make_unique<FakeJournal>();
    }
  }

  Folder folder_;
  std::unique_ptr<Journal> journal_;
};

INSTANTIATE_TEST_SUITE_P(Implementations, JournalTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Sqlite" : "Fake"; });

TEST_P(JournalTest, IsEmptyAtFirst) {
  const JournalContents contents = *journal_->Load();
  EXPECT_THAT(contents.jobs, IsEmpty());
  EXPECT_THAT(contents.drains, IsEmpty());
}

TEST_P(JournalTest, GivesBackTheNewestVersionOfEveryJobOldestFirst) {
  const JobChange second = Created(2);
  ASSERT_TRUE(journal_->Commit(Of({second, Created(1)})).ok());
  ASSERT_TRUE(journal_->Commit(Of({Next(second)})).ok());
  const std::vector<JobRecord> jobs = journal_->Load()->jobs;
  ASSERT_THAT(jobs, SizeIs(2));
  EXPECT_EQ(jobs[0].job.name(), "jobs/j1");
  EXPECT_EQ(jobs[0].request_id, "request-1");
  EXPECT_EQ(jobs[0].request_hash, "hash");
  EXPECT_EQ(jobs[1].job.state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(jobs[1].version, 2);
  EXPECT_EQ(jobs[1].last_event, 2);
  EXPECT_EQ(jobs[1].stop, StopReason::kPause);
  EXPECT_EQ(jobs[1].plan.generation(), 7);
  EXPECT_EQ(jobs[1].plan.members(0).incarnation(), "i");
}

TEST_P(JournalTest, TakesSeveralVersionsOfAJobInOneCommit) {
  const JobChange first = Created(1);
  ASSERT_TRUE(journal_->Commit(Of({first, Next(first), Next(Next(first))})).ok());
  EXPECT_EQ(journal_->Load()->jobs[0].version, 3);
}

TEST_P(JournalTest, WritesNothingOfACommitThatAnotherWriterPreceded) {
  const JobChange first = Created(1);
  ASSERT_TRUE(journal_->Commit(Of({first, Next(first)})).ok());
  const absl::Status status = journal_->Commit(Of({Created(2), Next(first)}));
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(journal_->Load()->jobs, SizeIs(1));
  EXPECT_THAT(*journal_->Events("jobs/j1", 0, 10), SizeIs(2));
}

TEST_P(JournalTest, GivesEventsAfterASequenceNumber) {
  const JobChange first = Created(1);
  ASSERT_TRUE(journal_->Commit(Of({first, Next(first), Next(Next(first))})).ok());
  const std::vector<v1::JobEvent> events = *journal_->Events("jobs/j1", 1, 1);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].sequence(), 2);
  EXPECT_THAT(*journal_->Events("jobs/other", 0, 10), IsEmpty());
}

TEST_P(JournalTest, KeepsTheNewestDrainOfAWorker) {
  ASSERT_TRUE(journal_->Commit({{}, {{"workers/a", "1"}}}).ok());
  ASSERT_TRUE(journal_->Commit({{}, {{"workers/a", "2"}}}).ok());
  const std::vector<WorkerDrain> drains = journal_->Load()->drains;
  ASSERT_THAT(drains, SizeIs(1));
  EXPECT_EQ(drains[0].incarnation, "2");
}

TEST(SqliteJournal, SurvivesBeingOpenedAgain) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  ASSERT_TRUE((*SqliteJournal::Open(path))->Commit(Of({Created(1)})).ok());
  const auto journal = *SqliteJournal::Open(path);
  EXPECT_THAT(journal->Load()->jobs, SizeIs(1));
  EXPECT_THAT(*journal->Events("jobs/j1", 0, 10), SizeIs(1));
}

// What a kill -9 leaves behind: the database and a log that nobody has folded into it.
TEST(SqliteJournal, RecoversFromTheFilesOfAKilledProcess) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  const std::string copy = folder.File("copy.db");
  const auto journal = *SqliteJournal::Open(path);
  ASSERT_TRUE(journal->Commit(Of({Created(1)})).ok());
  std::filesystem::copy(path, copy);
  std::filesystem::copy(path + "-wal", copy + "-wal");
  EXPECT_THAT((*SqliteJournal::Open(copy))->Load()->jobs, SizeIs(1));
}

TEST(SqliteJournal, DropsATransactionThatWasCutOff) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  const std::string copy = folder.File("copy.db");
  const auto journal = *SqliteJournal::Open(path);
  ASSERT_TRUE(journal->Commit(Of({Created(1)})).ok());
  const auto size_after_first = std::filesystem::file_size(path + "-wal");
  ASSERT_TRUE(journal->Commit(Of({Created(2)})).ok());
  const auto size_after_second = std::filesystem::file_size(path + "-wal");
  ASSERT_GT(size_after_second, size_after_first);
  std::filesystem::copy(path, copy);
  std::filesystem::copy(path + "-wal", copy + "-wal");
  std::filesystem::resize_file(copy + "-wal", size_after_second - 100);
  const auto recovered = *SqliteJournal::Open(copy);
  EXPECT_THAT(recovered->Load()->jobs, SizeIs(1));
  EXPECT_THAT(*recovered->Events("jobs/j2", 0, 10), IsEmpty());
}

TEST(SqliteJournal, RefusesASecondCoordinatorOnTheSameFile) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  const auto first = *SqliteJournal::Open(path);
  const auto second = SqliteJournal::Open(path);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.status().message(), HasSubstr("another process"));
  EXPECT_TRUE(first->Commit(Of({Created(1)})).ok());
}

TEST(SqliteJournal, RefusesAFileOfANewerProgram) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  ASSERT_TRUE(SqliteDatabase::Open(path)->Execute("PRAGMA user_version = 2").ok());
  const auto journal = SqliteJournal::Open(path);
  EXPECT_EQ(journal.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(journal.status().message(), HasSubstr("schema version 2"));
}

TEST(SqliteJournal, SaysThatAFileIsNoDatabase) {
  Folder folder;
  const std::string path = folder.File("journal.db");
  FILE* file = std::fopen(path.c_str(), "w");
  std::fputs(
      "This is a text of more than a hundred characters, so that it cannot be taken for an "
      "empty database that is still to be filled.",
      file);
  std::fclose(file);
  EXPECT_EQ(SqliteJournal::Open(path).status().code(), absl::StatusCode::kDataLoss);
}

TEST(SqliteJournal, NamesAFileItCannotOpen) {
  EXPECT_THAT(SqliteJournal::Open("/nowhere/journal.db").status().message(),
              HasSubstr("/nowhere/journal.db"));
}

TEST(SqliteJournal, TakesTheSameCommitAgainAfterTheDiskWasFull) {
  Folder folder;
  const auto journal = *SqliteJournal::Open(folder.File("journal.db"));
  JobChange wide = Created(1);
  wide.record.job.mutable_error()->set_message(std::string(10 << 20, 'x'));
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status full = journal->Commit(Of({wide}));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(full.ok());
  EXPECT_THAT(journal->Load()->jobs, IsEmpty());
  EXPECT_TRUE(journal->Commit(Of({wide})).ok());
  EXPECT_THAT(journal->Load()->jobs, SizeIs(1));
}

}  // namespace
}  // namespace ropewalk
