#include <signal.h>

#include "absl/strings/numbers.h"
#include "services/common/clock.h"
#include "services/registry/postgres/postgres_fixture.h"

// PostgresMetadataStore when its server goes away.

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

constexpr char kTiny[] = "models/org/tiny";

using PostgresOutageTest = PostgresFixture;

TEST_F(PostgresOutageTest, IsSurvivedByAStore) {
  const auto store = Open();
  const std::string id(64, 'a');
  ASSERT_TRUE(store->PutVersion(kTiny, id, v1::Version()).ok());
  ASSERT_TRUE(store->LockForWriting().ok());
  ASSERT_TRUE(server_->Kill().ok());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(absl::IsUnavailable(store->GetVersion(kTiny, id).status()));
    EXPECT_TRUE(absl::IsUnavailable(store->DeleteVersion(kTiny, id)));
    EXPECT_TRUE(absl::IsUnavailable(store->LockForWriting().status()));
    EXPECT_TRUE(absl::IsUnavailable(PostgresMetadataStore::Open(url_).status()));
  }
  ASSERT_TRUE(server_->Start().ok());
  EXPECT_TRUE(store->GetVersion(kTiny, id).ok());
  const auto lock = store->LockForWriting();
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(store->DeleteVersion(kTiny, id).ok());
}

TEST_F(PostgresOutageTest, EndsTheWriteLock) {
  const auto store = Open();
  auto lock = store->LockForWriting();
  ASSERT_TRUE(lock.ok()) << lock.status();
  ASSERT_TRUE(server_->Kill().ok());
  ASSERT_TRUE(server_->Start().ok());
  EXPECT_TRUE(absl::IsUnavailable(store->PutVersion(kTiny, std::string(64, 'a'), v1::Version())));
  lock->reset();
  lock = store->LockForWriting();
  ASSERT_TRUE(lock.ok()) << lock.status();
  EXPECT_TRUE(store->PutVersion(kTiny, std::string(64, 'a'), v1::Version()).ok());
}

// Its kernel still takes what is sent to it, so no timeout of the network's helps.
TEST_F(PostgresOutageTest, IsNoticedIfTheServerOnlyGoesSilent) {
  Open();
  PostgresOptions options;
  options.connections = 1;
  options.transaction = absl::Seconds(1);
  const auto store = Open(options);
  int silent = 0;
  ASSERT_TRUE(absl::SimpleAtoi(
      Ask("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND "
          "application_name = 'ropewalk-registry' ORDER BY backend_start DESC LIMIT 1"),
      &silent));
  ASSERT_EQ(kill(silent, SIGSTOP), 0);
  const absl::Duration begin = Clock::Real()->Monotonic();
  const absl::Status status = store->GetGitOid("digest").status();
  EXPECT_LT(Clock::Real()->Monotonic() - begin, absl::Seconds(10));
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("did not answer"));
  EXPECT_TRUE(store->PutGitOid("digest", "oid").ok());
  EXPECT_EQ(kill(silent, SIGCONT), 0);
}

TEST_F(PostgresOutageTest, IsNoticedIfAStatementOrALockTakesTooLong) {
  PostgresOptions options;
  options.row_lock = absl::Milliseconds(100);
  const auto store = Open(options);
  ASSERT_TRUE(store->PutGitOid("digest", "oid").ok());
  pqxx::connection other(url_);
  pqxx::work holding(other);
  holding.exec("LOCK TABLE ropewalk_registry.git_oids IN EXCLUSIVE MODE");
  const absl::Status status = store->PutGitOid("digest", "another");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(*store->GetGitOid("digest"), "oid");
  holding.commit();
  EXPECT_TRUE(store->PutGitOid("digest", "another").ok());
}

}  // namespace
}  // namespace ropewalk
