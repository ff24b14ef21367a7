#include "services/registry/sqlite_metadata_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/registry/metadata_store_suite.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

// The tables as the first schema had them, with a version in them.
constexpr char kFirstSchema[] = R"sql(
  CREATE TABLE versions(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
    repository TEXT NOT NULL, version TEXT NOT NULL, create_time INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL, base_model_digest TEXT NOT NULL, method TEXT NOT NULL,
    lineage BLOB NOT NULL, UNIQUE(repository, version));
  CREATE TABLE files(version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    path TEXT NOT NULL, digest TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    PRIMARY KEY(version_id, path)) WITHOUT ROWID;
  CREATE TABLE metrics(version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY(version_id, name)) WITHOUT ROWID;
  CREATE TABLE tags(repository TEXT NOT NULL, tag TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    protected INTEGER NOT NULL, update_time INTEGER NOT NULL,
    PRIMARY KEY(repository, tag)) WITHOUT ROWID;
  INSERT INTO versions VALUES(1, 'models', 'models/org/tiny',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 5000000, 1, '', '', x'');
  INSERT INTO tags VALUES('models/org/tiny', 'latest', 1, 1, 5000000);
  PRAGMA user_version = 1;
)sql";

class SqlitePlace final : public StorePlace {
 public:
  absl::StatusOr<std::unique_ptr<MetadataStore>> Open() override {
    return SqliteMetadataStore::Open(folder_.path("registry.db"));
  }
  bool shared() const override { return false; }

 private:
  const TemporaryFolder folder_;
};

std::unique_ptr<StorePlace> MakePlace() { return std::make_unique<SqlitePlace>(); }

INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreSuite, ::testing::Values(&MakePlace));

class SqliteMetadataStoreTest : public ::testing::Test {
 protected:
  // A database that `sql` was executed in, closed again.
  std::string Database(const std::string& sql) const {
    const std::string path = folder_.path("registry.db");
    auto database = SqliteDatabase::Open(path);
    EXPECT_TRUE(database.ok()) << database.status();
    EXPECT_TRUE(database->Execute(sql).ok());
    return path;
  }

  const TemporaryFolder folder_;
};

TEST_F(SqliteMetadataStoreTest, BringsAnOlderDatabaseUpToDate) {
  const auto store = SqliteMetadataStore::Open(Database(kFirstSchema));
  ASSERT_TRUE(store.ok()) << store.status();
  const auto repository = (*store)->GetRepository("models/org/tiny");
  ASSERT_TRUE(repository.ok()) << repository.status();
  EXPECT_EQ(repository->version_count(), 1);
  EXPECT_EQ(repository->create_time().seconds(), 5);
  EXPECT_TRUE(repository->tags(0).protected_());
  EXPECT_FALSE(repository->tags(0).branch());
  RepositoryQuery query;
  query.name_space = "org";
  query.search = "TINY";
  query.limit = 10;
  EXPECT_EQ((*store)->ListRepositories(query)->repositories.size(), 1);
  const auto version = (*store)->FindVersion("models/org/tiny", "aaaaaaa");
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(version->tags(), ElementsAre("latest"));
}

// Which is looked for in another way than one that few versions have.
TEST_F(SqliteMetadataStoreTest, FindsWhatHasACommonLabel) {
  ASSERT_TRUE(SqliteMetadataStore::Open(folder_.path("registry.db")).ok());
  const auto store = SqliteMetadataStore::Open(Database(R"sql(
    CREATE TABLE n(i INTEGER);
    WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 3000)
      INSERT INTO n SELECT i FROM c;
    INSERT INTO repositories
      SELECT 'models/a/' || i, 'models', 'a', 'a/' || i, i, i, 0 FROM n;
    INSERT INTO versions
      SELECT i, 'models', 'models/a/' || i, 'v', i, 1, '', '', x'' FROM n;
    INSERT INTO tags SELECT 'models/a/' || i, 'latest', i, 0, i, 0, 0 FROM n;
    INSERT INTO labels SELECT 'common', i FROM n WHERE i <= 2990;
    INSERT INTO labels SELECT 'rare', i FROM n WHERE i % 1000 = 0;
  )sql"));
  ASSERT_TRUE(store.ok()) << store.status();
  RepositoryQuery query;
  query.labels = {"common"};
  query.order = RepositoryOrder::kUpdateTime;
  query.descending = true;
  query.limit = 2;
  const auto newest = (*store)->ListRepositories(query);
  ASSERT_TRUE(newest.ok()) << newest.status();
  ASSERT_EQ(newest->repositories.size(), 2u);
  EXPECT_EQ(newest->repositories[0].name(), "models/a/2990");
  EXPECT_TRUE(newest->more);
  query.labels = {"common", "rare"};
  const auto both = (*store)->ListRepositories(query);
  ASSERT_EQ(both->repositories.size(), 2u);
  EXPECT_EQ(both->repositories[0].name(), "models/a/2000");
  EXPECT_EQ(both->repositories[1].name(), "models/a/1000");
  EXPECT_FALSE(both->more);
}

TEST_F(SqliteMetadataStoreTest, LeavesADatabaseOfANewerProgramAlone) {
  const auto store = SqliteMetadataStore::Open(Database("PRAGMA user_version = 999"));
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
}

TEST_F(SqliteMetadataStoreTest, HasItsDatabaseForItself) {
  const auto first = SqliteMetadataStore::Open(folder_.path("registry.db"));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = SqliteMetadataStore::Open(folder_.path("registry.db"));
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
}

}  // namespace
}  // namespace ropewalk
