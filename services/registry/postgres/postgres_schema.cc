#include "services/registry/postgres/postgres_schema.h"

#include <cstdint>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// As sqlite_schema.cc has them: times are microseconds since 1970; lineage and tokens are the
// protos; `namespaced` is the name without its kind, in lower case, which searches look through.
// Text is ordered by its bytes, whatever the database's language. Labels are bytes, since those of
// a model card need not be UTF-8.
constexpr char kTables[] = R"sql(
  CREATE TABLE versions(
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    create_time BIGINT NOT NULL,
    total_bytes BIGINT NOT NULL,
    base_model_digest TEXT COLLATE "C" NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    lineage BYTEA NOT NULL,
    UNIQUE(repository, version));
  CREATE INDEX versions_by_position ON versions(repository, id);
  CREATE TABLE files(
    version_id BIGINT NOT NULL REFERENCES versions ON DELETE CASCADE,
    path TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY(version_id, path));
  CREATE INDEX files_by_digest ON files(digest);
  CREATE TABLE metrics(
    version_id BIGINT NOT NULL REFERENCES versions ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    PRIMARY KEY(version_id, name));
  CREATE TABLE labels(
    label BYTEA NOT NULL,
    version_id BIGINT NOT NULL REFERENCES versions ON DELETE CASCADE,
    PRIMARY KEY(label, version_id));
  CREATE INDEX labels_by_version ON labels(version_id);
  CREATE TABLE tags(
    repository TEXT COLLATE "C" NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    version_id BIGINT NOT NULL REFERENCES versions ON DELETE CASCADE,
    protected BOOLEAN NOT NULL,
    branch BOOLEAN NOT NULL,
    update_time BIGINT NOT NULL,
    PRIMARY KEY(repository, tag));
  CREATE INDEX tags_by_version ON tags(version_id);
  CREATE TABLE repositories(
    name TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    namespaced TEXT COLLATE "C" NOT NULL,
    public BOOLEAN NOT NULL,
    create_time BIGINT NOT NULL,
    update_time BIGINT NOT NULL);
  CREATE INDEX repositories_by_create_time ON repositories(create_time, name);
  CREATE INDEX repositories_by_update_time ON repositories(update_time, name);
  CREATE TABLE git_oids(
    digest TEXT COLLATE "C" PRIMARY KEY,
    git_oid TEXT COLLATE "C" NOT NULL);
  CREATE TABLE tokens(
    name TEXT COLLATE "C" PRIMARY KEY,
    hash TEXT COLLATE "C" NOT NULL UNIQUE,
    token BYTEA NOT NULL);
)sql";

constexpr char kSecretsAndImmutableTags[] = R"sql(
  ALTER TABLE tags ADD COLUMN immutable BOOLEAN NOT NULL DEFAULT FALSE;
  CREATE TABLE secrets(
    name TEXT COLLATE "C" PRIMARY KEY,
    secret BYTEA NOT NULL);
)sql";

// The n-th leads from schema n to schema n + 1.
constexpr const char* kSteps[] = {kTables, kSecretsAndImmutableTags};
constexpr int64_t kSchemaVersion = std::size(kSteps);

absl::Status CheckEncoding(PostgresTransaction& transaction) {
  const auto encoding = transaction.RunScript("SHOW server_encoding")[0][0].as<std::string>();
  if (encoding == "UTF8") return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the database has the encoding ", encoding,
                   "; make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"));
}

// Makes the place for it if there is none yet.
int64_t FindSchemaVersion(PostgresTransaction& transaction) {
  if (transaction.RunScript("SELECT to_regnamespace('ropewalk_registry')")[0][0].is_null()) {
    transaction.RunScript("CREATE SCHEMA ropewalk_registry");
  }
  transaction.RunScript("CREATE TABLE IF NOT EXISTS schema_version(version BIGINT NOT NULL)");
  const pqxx::result rows = transaction.RunScript("SELECT version FROM schema_version");
  if (!rows.empty()) return rows[0][0].as<int64_t>();
  transaction.RunScript("INSERT INTO schema_version VALUES(0)");
  return 0;
}

absl::Status BringUpToDate(PostgresTransaction& transaction) {
  RETURN_IF_ERROR(CheckEncoding(transaction));
  const int64_t found = FindSchemaVersion(transaction);
  if (found > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database has schema ", found, ", this program knows up to ",
                     kSchemaVersion, "; run the newer ropewalk-registry that wrote it"));
  }
  for (int64_t step = found; step < kSchemaVersion; ++step) transaction.RunScript(kSteps[step]);
  if (found < kSchemaVersion) {
    transaction.RunScript(absl::StrCat("UPDATE schema_version SET version = ", kSchemaVersion));
  }
  return absl::OkStatus();
}

}  // namespace

// The lock of all changes is what lets one program at a time do this.
absl::Status BringToPostgresSchema(PostgresPool* pool) {
  return pool->Run(TransactionKind::kChange, BringUpToDate);
}

}  // namespace ropewalk
