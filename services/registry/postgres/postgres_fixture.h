#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/registry/postgres/postgres_metadata_store.h"
#include "tests/testing/postgres_server.h"

namespace ropewalk {

// The server that all tests of a program use; started for the first of them.
inline const absl::StatusOr<std::unique_ptr<PostgresServer>>& SharedPostgresServer() {
  static const absl::StatusOr<std::unique_ptr<PostgresServer>> server = PostgresServer::Make();
  return server;
}

// For tests: an empty database on that server.
class PostgresFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SharedPostgresServer().ok()) << SharedPostgresServer().status();
    server_ = SharedPostgresServer()->get();
    auto url = server_->NewDatabase();
    ASSERT_TRUE(url.ok()) << url.status();
    url_ = *url;
  }

  std::unique_ptr<PostgresMetadataStore> Open(const PostgresOptions& options = {}) {
    auto store = PostgresMetadataStore::Open(url_, options);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // As an administrator.
  std::string Ask(const std::string& sql) {
    const auto answer = PostgresServer::Ask(url_, sql);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or("");
  }

  // Ends the sessions that registries have in the database and that `condition` holds of; how many
  // that were.
  std::string EndSessions(const std::string& condition = "TRUE") {
    return Ask(
        absl::StrCat("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
                     "WHERE datname = current_database() AND "
                     "application_name = 'ropewalk-registry' AND ",
                     condition));
  }

  PostgresServer* server_ = nullptr;
  std::string url_;
};

}  // namespace ropewalk
