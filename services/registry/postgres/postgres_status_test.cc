#include "services/registry/postgres/postgres_status.h"

#include <utility>
#include <vector>

#include "services/registry/postgres/postgres_fixture.h"
#include "services/registry/postgres/postgres_url.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

class PostgresStatusTest : public PostgresFixture {
 protected:
  // What becomes of an error that the server raises in a statement.
  absl::Status Raised(const std::string& sqlstate) {
    if (session_ == nullptr) {
      const auto connection = PostgresConnectionString(url_, absl::Seconds(5));
      session_ = *PostgresSession::Connect(*connection, PostgresOptions(), &watch_);
    }
    return session_->Run(TransactionKind::kChange, [&](PostgresTransaction& transaction) {
      transaction.RunScript(
          absl::StrCat("DO $$BEGIN RAISE 'told so' USING ERRCODE = '", sqlstate, "'; END$$"));
      return absl::OkStatus();
    });
  }

  SocketWatch watch_;
  std::unique_ptr<PostgresSession> session_;
};

TEST_F(PostgresStatusTest, IsWhatTheServersErrorMeans) {
  const std::vector<std::pair<const char*, absl::StatusCode>> meanings = {
      {"53100", absl::StatusCode::kResourceExhausted},  // disk_full
      {"53200", absl::StatusCode::kResourceExhausted},  // out_of_memory
      {"53400", absl::StatusCode::kResourceExhausted},  // configuration_limit_exceeded
      {"40001", absl::StatusCode::kUnavailable},        // serialization_failure
      {"40P01", absl::StatusCode::kUnavailable},        // deadlock_detected
      {"55P03", absl::StatusCode::kUnavailable},        // lock_not_available
      {"57014", absl::StatusCode::kUnavailable},        // query_canceled
      {"57P03", absl::StatusCode::kUnavailable},        // cannot_connect_now
      {"25006", absl::StatusCode::kUnavailable},        // read_only_sql_transaction
      {"58030", absl::StatusCode::kUnavailable},        // io_error
      {"42501", absl::StatusCode::kPermissionDenied},   // insufficient_privilege
      {"22021", absl::StatusCode::kInvalidArgument},    // character_not_in_repertoire
      {"54000", absl::StatusCode::kInvalidArgument},    // program_limit_exceeded
      {"23505", absl::StatusCode::kAlreadyExists},      // unique_violation
      {"XX001", absl::StatusCode::kDataLoss},           // data_corrupted
      {"42P01", absl::StatusCode::kInternal},           // undefined_table
      {"P0001", absl::StatusCode::kInternal},           // raise_exception
  };
  for (const auto& [sqlstate, code] : meanings) {
    const absl::Status status = Raised(sqlstate);
    EXPECT_EQ(status.code(), code) << sqlstate << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("told so"));
    EXPECT_FALSE(session_->broken()) << sqlstate;
  }
}

}  // namespace
}  // namespace ropewalk
