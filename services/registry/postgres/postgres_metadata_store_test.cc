#include "services/registry/postgres/postgres_metadata_store.h"

#include <thread>
#include <vector>

#include "absl/strings/str_replace.h"
#include "services/registry/metadata_store_suite.h"
#include "services/registry/postgres/postgres_fixture.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PostgresPlace final : public StorePlace {
 public:
  PostgresPlace() : url_(NewDatabase()) {}

  absl::StatusOr<std::unique_ptr<MetadataStore>> Open() override {
    if (!url_.ok()) return url_.status();
    return PostgresMetadataStore::Open(*url_);
  }
  bool shared() const override { return true; }

 private:
  static absl::StatusOr<std::string> NewDatabase() {
    if (!SharedPostgresServer().ok()) return SharedPostgresServer().status();
    return (*SharedPostgresServer())->NewDatabase();
  }

  const absl::StatusOr<std::string> url_;
};

std::unique_ptr<StorePlace> MakePlace() { return std::make_unique<PostgresPlace>(); }

INSTANTIATE_TEST_SUITE_P(Postgres, MetadataStoreSuite, ::testing::Values(&MakePlace));

using PostgresMetadataStoreTest = PostgresFixture;

TEST_F(PostgresMetadataStoreTest, IsMadeOnceByManyThatOpenItAtTheSameTime) {
  std::vector<std::thread> programs;
  for (int i = 0; i < 6; ++i) {
    programs.emplace_back([this] { EXPECT_NE(Open(), nullptr); });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_EQ(Ask("SELECT string_agg(version::text, ' ') FROM ropewalk_registry.schema_version"),
            "2");
}

TEST_F(PostgresMetadataStoreTest, LeavesADatabaseOfANewerProgramAlone) {
  Open();
  Ask("UPDATE ropewalk_registry.schema_version SET version = 999");
  const auto store = PostgresMetadataStore::Open(url_);
  EXPECT_TRUE(absl::IsFailedPrecondition(store.status())) << store.status();
  EXPECT_EQ(Ask("SELECT version FROM ropewalk_registry.schema_version"), "999");
}

TEST_F(PostgresMetadataStoreTest, KeepsItsTablesApartFromOthers) {
  Ask("CREATE TABLE versions(other TEXT); INSERT INTO versions VALUES('mine')");
  const auto store = Open();
  ASSERT_TRUE(store->PutVersion("models/org/tiny", std::string(64, 'a'), v1::Version()).ok());
  EXPECT_EQ(Ask("SELECT * FROM versions"), "mine");
}

TEST_F(PostgresMetadataStoreTest, UsesAPlaceThatWasMadeForIt) {
  const std::string guest = url_.substr(url_.rfind('/') + 1) + "_guest";
  Ask(absl::StrCat("CREATE ROLE ", guest,
                   " LOGIN PASSWORD 'guest'; "
                   "CREATE SCHEMA ropewalk_registry AUTHORIZATION ",
                   guest));
  const std::string url = absl::StrReplaceAll(
      url_, {{"ropewalk:", guest + ":"}, {PostgresServer::password(), "guest"}});
  const auto store = PostgresMetadataStore::Open(url);
  EXPECT_TRUE(store.ok()) << store.status();
  Ask("DROP SCHEMA ropewalk_registry CASCADE");
  EXPECT_TRUE(absl::IsPermissionDenied(PostgresMetadataStore::Open(url).status()));
}

TEST_F(PostgresMetadataStoreTest, NeedsADatabaseInUtf8) {
  const auto url = server_->NewDatabase(
      "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0");
  ASSERT_TRUE(url.ok()) << url.status();
  const absl::Status status = PostgresMetadataStore::Open(*url).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("ENCODING 'UTF8'"));
}

TEST_F(PostgresMetadataStoreTest, NamesTheReasonButNotThePasswordWhenItIsNotLetIn) {
  const std::string password = PostgresServer::password();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {absl::StrReplaceAll(url_, {{password, "0ther-" + password}}), "authentication failed"},
      {url_ + "_none", "does not exist"},
      {url_ + "?sslmode=require", "SSL"},
      {url_ + "?sslmode=perhaps", "sslmode"},
      {url_ + "?no_such_word=1", "no_such_word"}};
  for (const auto& [url, reason] : wrong) {
    const absl::Status status = PostgresMetadataStore::Open(url).status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr(password)));
  }
}

TEST_F(PostgresMetadataStoreTest, IsUnavailableWhereNobodyListens) {
  const ReservedAddress nobody;
  const absl::Status status =
      PostgresMetadataStore::Open(absl::StrCat("postgres://u:Geheim@", nobody.text(), "/d"))
          .status();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("Geheim")));
}

TEST_F(PostgresMetadataStoreTest, RefusesTextThatNoColumnCanHold) {
  const auto store = Open();
  for (const std::string& bytes : {std::string("\xff"), std::string("a\0b", 3)}) {
    v1::Version contents;
    contents.mutable_lineage()->set_method(bytes);
    const absl::Status status =
        store->PutVersion("models/org/tiny", std::string(64, 'a'), contents);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  }
  EXPECT_TRUE(absl::IsNotFound(store->GetRepository("models/org/tiny").status()));
}

// What an administrator took away for speed.
TEST_F(PostgresMetadataStoreTest, CommitsToTheDiskWhateverTheDatabaseSays) {
  Ask("ALTER DATABASE " + url_.substr(url_.rfind('/') + 1) + " SET synchronous_commit = off");
  const auto store = Open();
  Ask("CREATE TABLE seen(value TEXT); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN INSERT INTO public.seen VALUES(current_setting('synchronous_commit')); RETURN NEW; "
      "END$$; CREATE TRIGGER note AFTER INSERT ON ropewalk_registry.git_oids FOR EACH ROW EXECUTE "
      "FUNCTION note()");
  ASSERT_TRUE(store->PutGitOid("digest", "oid").ok());
  EXPECT_EQ(Ask("SELECT value FROM seen"), "on");
}

}  // namespace
}  // namespace ropewalk
