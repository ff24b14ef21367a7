#include <signal.h>
#include <unistd.h>

#include <thread>

#include "services/registry/postgres/postgres_fixture.h"

// The write lock of PostgresMetadataStore.

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

constexpr char kTiny[] = "models/org/tiny";
// Of the session that holds the write lock, which is the only one to hold a lock while idle.
constexpr char kHoldsLock[] =
    "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)";

PostgresOptions Impatient() {
  PostgresOptions options;
  options.write_lock = absl::Milliseconds(200);
  return options;
}

using PostgresLockTest = PostgresFixture;

TEST_F(PostgresLockTest, IsUnavailableWhileAnotherStoreHasIt) {
  const auto holder = Open(), other = Open(Impatient());
  auto held = holder->LockForWriting();
  ASSERT_TRUE(held.ok()) << held.status();
  const absl::Status status = other->LockForWriting().status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("write lock"));
  held->reset();
  EXPECT_TRUE(other->LockForWriting().ok());
}

TEST_F(PostgresLockTest, IsUnavailableWhileAnotherThreadHasIt) {
  const auto store = Open(Impatient());
  const auto held = store->LockForWriting();
  ASSERT_TRUE(held.ok()) << held.status();
  std::thread other([&] { EXPECT_TRUE(absl::IsUnavailable(store->LockForWriting().status())); });
  other.join();
}

// The rule that a holder relies on: what it looked up holds when its change is committed.
TEST_F(PostgresLockTest, FailsAChangeIfItWasLostBefore) {
  const auto first = Open(), second = Open();
  auto lost = first->LockForWriting();
  ASSERT_TRUE(lost.ok()) << lost.status();
  EXPECT_TRUE(absl::IsNotFound(first->GetRepository(kTiny).status()));
  EXPECT_EQ(EndSessions(kHoldsLock), "1");
  {
    const auto taken = second->LockForWriting();
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_TRUE(second->PutVersion(kTiny, std::string(64, 'b'), v1::Version()).ok());
  }
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = first->PutVersion(kTiny, std::string(64, 'a'), v1::Version());
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(absl::IsUnavailable(first->GetRepository(kTiny).status()));
  }
  // Who has no lock is not concerned.
  std::thread other([&] { EXPECT_TRUE(first->GetRepository(kTiny).ok()); });
  other.join();

  lost->reset();
  EXPECT_EQ(first->GetRepository(kTiny)->version_count(), 1);
  const auto again = first->LockForWriting();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(first->PutVersion(kTiny, std::string(64, 'a'), v1::Version()).ok());
}

TEST_F(PostgresLockTest, IsTakenAgainOnANewSessionIfTheIdleOneIsLost) {
  const auto store = Open();
  ASSERT_TRUE(store->LockForWriting().ok());
  EXPECT_EQ(EndSessions(), "2");
  const auto lock = store->LockForWriting();
  EXPECT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(store->PutVersion(kTiny, std::string(64, 'a'), v1::Version()).ok());
}

TEST_F(PostgresLockTest, IsLostByAHolderWhoDoesNothing) {
  PostgresOptions options;
  options.write_lock_idle = absl::Milliseconds(100);
  const auto idle = Open(options), other = Open();
  const auto held = idle->LockForWriting();
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_TRUE(other->LockForWriting().ok());
  const absl::Status status = idle->PutVersion(kTiny, std::string(64, 'a'), v1::Version());
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
}

TEST_F(PostgresLockTest, IsLetGoWhenItsProcessDies) {
  EXPECT_EXIT(
      {
        const auto store = PostgresMetadataStore::Open(url_);
        if (!store.ok()) _exit(1);
        const auto held = (*store)->LockForWriting();
        if (!held.ok()) _exit(1);
        kill(getpid(), SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  const auto store = Open();
  EXPECT_TRUE(store->LockForWriting().ok());
}

// A holder needs no connection that those who wait for it could have.
TEST_F(PostgresLockTest, LetsItsHolderWorkWhileOthersUseEveryConnection) {
  PostgresOptions options;
  options.connections = 1;
  const auto store = Open(options);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round) {
        absl::StatusOr<std::unique_ptr<WriteLock>> lock = std::unique_ptr<WriteLock>();
        if (i % 2 == 0) lock = store->LockForWriting();
        ASSERT_TRUE(lock.ok()) << lock.status();
        ASSERT_TRUE(store->PutGitOid("digest", "oid").ok());
        ASSERT_EQ(*store->GetGitOid("digest"), "oid");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(EndSessions(), "2");
}

}  // namespace
}  // namespace ropewalk
