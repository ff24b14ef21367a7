#include "services/registry/postgres/postgres_pool.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "services/registry/postgres/postgres_fixture.h"
#include "services/registry/postgres/postgres_url.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

constexpr char kEndMyself[] = "SELECT pg_terminate_backend(pg_backend_pid())";

class PostgresPoolTest : public PostgresFixture {
 protected:
  std::unique_ptr<PostgresPool> MakePool(int size, absl::Duration patience = absl::Seconds(20)) {
    const auto connection = PostgresConnectionString(url_, absl::Seconds(5));
    EXPECT_TRUE(connection.ok()) << connection.status();
    return std::make_unique<PostgresPool>(
        [this, connection] {
          ++connects_;
          return PostgresSession::Connect(*connection, PostgresOptions(), &watch_);
        },
        size, patience);
  }

  static absl::Status SelectOne(PostgresTransaction& transaction) {
    return transaction.Run("SELECT 1").size() == 1 ? absl::OkStatus() : absl::InternalError("none");
  }

  SocketWatch watch_;
  std::atomic<int> connects_{0};
};

TEST_F(PostgresPoolTest, KeepsToItsSize) {
  const auto pool = MakePool(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < 10; ++call) {
        EXPECT_TRUE(pool->Run(TransactionKind::kSnapshot, SelectOne).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(connects_, 3);
}

TEST_F(PostgresPoolTest, DoesNotWaitForEver) {
  const auto pool = MakePool(1, absl::Milliseconds(50));
  absl::Notification busy, done;
  std::thread other([&] {
    EXPECT_TRUE(pool->Run(TransactionKind::kStatement,
                          [&](PostgresTransaction&) {
                            busy.Notify();
                            done.WaitForNotification();
                            return absl::OkStatus();
                          })
                    .ok());
  });
  busy.WaitForNotification();
  const absl::Status status = pool->Run(TransactionKind::kStatement, SelectOne);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("busy"));
  done.Notify();
  other.join();
  EXPECT_TRUE(pool->Run(TransactionKind::kStatement, SelectOne).ok());
}

TEST_F(PostgresPoolTest, ReplacesConnectionsThatWereLostWhileIdle) {
  const auto pool = MakePool(4);
  std::vector<std::thread> threads;
  std::atomic<int> inside{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(pool->Run(TransactionKind::kStatement,
                            [&](PostgresTransaction&) {
                              ++inside;
                              return Until(absl::Seconds(20), [&] { return inside == 4; });
                            })
                      .ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(EndSessions(), "4");
  for (const TransactionKind kind :
       {TransactionKind::kChange, TransactionKind::kSnapshot, TransactionKind::kStatement}) {
    const absl::Status status = pool->Run(kind, SelectOne);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(EndSessions(), "1");
  }
}

TEST_F(PostgresPoolTest, RunsAChangeOnceMoreIfItWasNotCommitted) {
  Ask("CREATE TABLE rows(value INT)");
  const auto pool = MakePool(2);
  int runs = 0;
  const absl::Status status =
      pool->Run(TransactionKind::kChange, [&](PostgresTransaction& transaction) -> absl::Status {
        transaction.RunScript("INSERT INTO public.rows VALUES(1)");
        if (++runs == 1) transaction.RunScript(kEndMyself);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(Ask("SELECT count(*) FROM rows"), "1");
}

TEST_F(PostgresPoolTest, GivesUpAChangeThatIsLostTwice) {
  const auto pool = MakePool(2);
  int runs = 0;
  const absl::Status status =
      pool->Run(TransactionKind::kChange, [&](PostgresTransaction& transaction) {
        ++runs;
        transaction.RunScript(kEndMyself);
        return absl::OkStatus();
      });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_EQ(runs, 2);
}

// The server may have committed and died before it could say so.
TEST_F(PostgresPoolTest, DoesNotRepeatAChangeThatMayHaveBeenCommitted) {
  Ask("CREATE TABLE rows(value INT); CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END$$; "
      "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED "
      "FOR EACH ROW EXECUTE FUNCTION die()");
  const auto pool = MakePool(2);
  int runs = 0;
  const absl::Status status =
      pool->Run(TransactionKind::kChange, [&](PostgresTransaction& transaction) {
        ++runs;
        transaction.RunScript("INSERT INTO public.rows VALUES(1)");
        return absl::OkStatus();
      });
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("may be made or not"));
  EXPECT_EQ(runs, 1);
}

TEST_F(PostgresPoolTest, UndoesWhatFails) {
  Ask("CREATE TABLE rows(value INT)");
  const auto pool = MakePool(1);
  const absl::Status status =
      pool->Run(TransactionKind::kChange, [](PostgresTransaction& transaction) {
        transaction.RunScript("INSERT INTO public.rows VALUES(1)");
        return absl::NotFoundError("on second thoughts");
      });
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_FALSE(pool->Run(TransactionKind::kChange,
                         [](PostgresTransaction& transaction) {
                           transaction.RunScript("INSERT INTO public.rows VALUES(1); SELECT 1/0");
                           return absl::OkStatus();
                         })
                   .ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM rows"), "0");
  EXPECT_TRUE(pool->Run(TransactionKind::kChange, SelectOne).ok());
  EXPECT_EQ(connects_, 1);
}

TEST_F(PostgresPoolTest, ShowsOneMomentInASnapshot) {
  Ask("CREATE TABLE rows(value INT)");
  const auto pool = MakePool(1);
  const auto count = [](PostgresTransaction& transaction) {
    return transaction.Run("SELECT count(*) FROM public.rows")[0][0].as<int>();
  };
  const absl::Status status =
      pool->Run(TransactionKind::kSnapshot, [&](PostgresTransaction& transaction) {
        EXPECT_EQ(count(transaction), 0);
        Ask("INSERT INTO rows VALUES(1)");
        EXPECT_EQ(count(transaction), 0);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace ropewalk
